const chunkLength = 1 << 20

/** States of the cluster that wait to be expanded, first in, first out; each a row of integers that begins with its length. */
export class Frontier {
  #chunks: Int32Array[] = []
  #used = chunkLength
  rows = 0

  push(row: Int32Array, length: number): void {
    if (this.#used + length + 1 > chunkLength) {
      if (this.#used < chunkLength && this.#chunks.length > 0) this.#chunks.at(-1)![this.#used] = 0
      this.#chunks.push(new Int32Array(chunkLength))
      this.#used = 0
    }
    const chunk = this.#chunks.at(-1)!
    chunk[this.#used++] = length
    for (let i = 0; i < length; i++) chunk[this.#used++] = row[i]!
    this.rows++
  }

  /** Forgets each chunk once its rows are done with. */
  *drain(): Generator<Int32Array> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk === undefined) return
      for (let at = 0; at < chunkLength && chunk[at]! > 0; at += chunk[at]! + 1) yield chunk.subarray(at + 1, at + 1 + chunk[at]!)
    }
  }
}

/** How each state of the cluster was reached first, in the order of discovery. */
export class Links {
  #parents = new Int32Array(1 << 16)
  #actions = new Int32Array(1 << 16)
  size = 0

  add(parent: number, action: number): number {
    if (this.size === this.#parents.length) {
      this.#parents = doubled(this.#parents)
      this.#actions = doubled(this.#actions)
    }
    this.#parents[this.size] = parent
    this.#actions[this.size] = action
    return this.size++
  }

  /** From the first state to this one. */
  pathTo(state: number): number[] {
    const path: number[] = []
    for (let at = state; at > 0; at = this.#parents[at]!) path.push(this.#actions[at]!)
    return path.reverse()
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2)
  larger.set(array)
  return larger
}
