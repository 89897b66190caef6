import type { ServerResponse } from 'node:http'
import type { Binary } from '../store/binary.ts'
import type { History, Revision } from '../store/history.ts'
import { ChangeTexts } from './texts.ts'
import type { Turns } from './turns.ts'

const texts = new ChangeTexts()

/** Those who watch this node's changes. Each goes through the history at its own pace; what it has not taken yet costs no memory. */
export class Watchers {
  readonly #history: History
  readonly #turns: Turns
  readonly #watchers = new Set<Watcher>()
  #stopListening = () => {}

  constructor(history: History, turns: Turns) {
    this.#history = history
    this.#turns = turns
  }

  get size(): number {
    return this.#watchers.size
  }

  /** Writes what came after `since`, and then what comes, until the client goes, the server closes, is cut off or has forgotten. */
  watch(response: ServerResponse, options: WatchOptions, closing: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const watcher = new Watcher(this.#history, response, options, () => end())
      const timer = setInterval(() => {
        if (options.isCutOff()) end()
        else if (watcher.isStalled(options.stalledMs)) response.destroy()
        else watcher.tellProgress()
      }, options.progressMs)
      const end = () => {
        clearInterval(timer)
        this.#remove(watcher)
        closing.removeEventListener('abort', end)
        response.end()
        resolve()
      }
      this.#add(watcher)
      response.on('close', end)
      // In a turn of its own: a client that reads quickly takes everything at once, and nobody else would have one until it has all.
      response.on('drain', () => setImmediate(() => watcher.drained()))
      closing.addEventListener('abort', end, { once: true })
      if (closing.aborted || response.destroyed) return end()
      watcher.tellProgress()
      watcher.pump()
    })
  }

  /** Only while somebody watches: else each turn in which something is applied would cause another one, for nothing. */
  #add(watcher: Watcher): void {
    if (this.#watchers.size === 0) {
      this.#stopListening = this.#turns.listen(() => {
        for (const each of this.#watchers) each.pump()
      })
    }
    this.#watchers.add(watcher)
  }

  #remove(watcher: Watcher): void {
    if (this.#watchers.delete(watcher) && this.#watchers.size === 0) this.#stopListening()
  }
}

type WatchOptions = {
  /** Only this key; undefined: those with the prefix. */
  readonly key: Binary | undefined
  readonly prefix: Binary
  readonly since: number
  readonly progressMs: number
  /** Asked every time progress is told. */
  readonly isCutOff: () => boolean
  /** A client that takes nothing for so long is given up. */
  readonly stalledMs: number
}

class Watcher {
  readonly #history: History
  readonly #response: ServerResponse
  readonly #concerns: (key: Binary) => boolean
  readonly #lost: () => void
  /** Everything up to here is told or does not match. */
  #position: number
  /** Since when the client takes nothing, although there is something. */
  #stalledSince: number | undefined
  /** The last revision that the client was given to go on from. */
  #told = -1

  constructor(history: History, response: ServerResponse, { key, prefix, since }: WatchOptions, lost: () => void) {
    this.#history = history
    this.#response = response
    this.#concerns = key === undefined ? other => other.startsWith(prefix) : other => other === key
    this.#position = since
    this.#lost = lost
  }

  isStalled(stalledMs: number): boolean {
    this.#stalledSince = this.#response.writableNeedDrain ? (this.#stalledSince ?? performance.now()) : undefined
    return this.#stalledSince !== undefined && performance.now() - this.#stalledSince > stalledMs
  }

  drained(): void {
    this.#stalledSince = undefined
    this.pump()
  }

  /** As much as the client takes. */
  pump(): void {
    while (!this.#response.writableNeedDrain && !this.#response.writableEnded) {
      if (this.#position < this.#history.forgottenUpTo) return this.#forgotten()
      const next = this.#history.next(this.#position)
      if (next === undefined) {
        this.#position = Math.max(this.#position, this.#history.last)
        return
      }
      this.#tell(next)
      this.#position = next.revision
    }
  }

  /** All that one command did is one event, so that nobody can go on from the middle of it. */
  #tell({ revision, changes }: Revision): void {
    const matching = changes.filter(({ key }) => this.#concerns(key))
    if (matching.length === 0) return
    this.#told = revision
    const text = `{"revision":${revision},"changes":[${matching.map(change => texts.of(change)).join(',')}]}`
    this.#response.write(`id: ${revision}\nevent: changes\ndata: ${text}\n\n`)
  }

  /** Also keeps the connection from looking dead. */
  tellProgress(): void {
    if (this.#response.writableNeedDrain || this.#response.writableEnded) return
    if (this.#told >= this.#position) return void this.#response.write(':\n\n')
    this.#told = this.#position
    this.#response.write(`id: ${this.#position}\nevent: progress\ndata: {"revision":${this.#position}}\n\n`)
  }

  #forgotten(): void {
    const revision = this.#history.forgottenUpTo
    this.#response.write(`event: compacted\ndata: {"revision":${revision}}\n\n`)
    this.#lost()
  }
}
