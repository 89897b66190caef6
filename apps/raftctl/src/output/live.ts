import { pause } from '../command/pause.ts'

type Screen = { write(text: string): unknown; readonly isTTY?: boolean }

const home = '\u001b[H'
const clearToEnd = '\u001b[J'
const clearLine = '\u001b[K'
const [enterOther, leaveOther] = ['\u001b[?1049h\u001b[?25l', '\u001b[?1049l\u001b[?25h']

/** A text that is shown again and again: in a terminal in one place, on a screen of its own; elsewhere one after the other. */
export class LiveText {
  readonly #screen: Screen
  readonly #signal: AbortSignal
  #last = ''

  constructor(screen: Screen, signal: AbortSignal) {
    this.#screen = screen
    this.#signal = signal
  }

  /** Until the signal. In a terminal the last text stays behind. */
  async show(text: () => Promise<string>, everyMs: number): Promise<void> {
    const { isTTY = false } = this.#screen
    if (isTTY) this.#screen.write(enterOther)
    try {
      while (!this.#signal.aborted) {
        this.#last = await text()
        if (this.#signal.aborted) break
        this.#screen.write(isTTY ? this.#inPlace(everyMs) : `${this.#last}\n\n`)
        await pause(this.#signal, everyMs)
      }
    } finally {
      if (isTTY) this.#screen.write(`${leaveOther}${this.#last}\n`)
    }
  }

  #inPlace(everyMs: number): string {
    const head = `${new Date().toTimeString().slice(0, 8)}, every ${everyMs / 1000} s, Ctrl-C ends`
    // Overwritten line by line, and only what is left of before is cleared: clearing all first would flicker.
    return `${home}${[head, '', ...this.#last.split('\n')].map(line => `${line}${clearLine}`).join('\n')}\n${clearToEnd}`
  }
}
