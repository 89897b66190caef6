/** Operations done, second by second. */
export class Rate {
  readonly #perSecond: number[] = []
  #before = 0

  /** Once a second, with the total so far. */
  tick(total: number): void {
    this.#perSecond.push(total - this.#before)
    this.#before = total
  }

  get now(): number {
    return this.#perSecond.at(-1) ?? 0
  }

  get mean(): number {
    return this.#perSecond.length === 0 ? 0 : this.#before / this.#perSecond.length
  }

  /** The last so many seconds as a line of bars. */
  bars(width: number): string {
    const shown = this.#perSecond.slice(-width)
    const most = Math.max(1, ...this.#perSecond)
    return shown.map(count => glyphs[count === 0 ? 0 : Math.ceil((count / most) * (glyphs.length - 1))]).join('')
  }
}

const glyphs = ' ▁▂▃▄▅▆▇█'
