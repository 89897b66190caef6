import { type Entry, type Index, payloadBytes, type Term } from './entry.ts'

/** Bytes of a block: the first, and what they grow to by doubling. */
const blockBytes = { first: 256, most: 256 * 1024 }
/** What is no command has no bytes here: else such entries would be in one block for ever. */
const blockEntries = 4096
/** Blocks that are kept to be used again, while any is in use: 8 MiB. */
const sparesMost = 32
/** Ticks in which no block is needed, after which none are kept. */
const quietMost = 100
/** Bytes of data: longer ones are not copied, and leave no end of a block empty. */
const packedMost = blockBytes.most / 16

type Block = {
  readonly first: Index
  readonly bytes: Uint8Array
  used: number
  /** Of each entry: where its data end. */
  readonly ends: number[]
  readonly terms: Term[]
}

/**
 * Entries without gaps, as bare bytes. They wait here for a follower that is behind, mostly for nothing: as objects, tens of thousands of
 * them grow old, and a collector moves each one twice before it finds out that they are garbage.
 *
 * What is asked for is a copy, so nobody else knows the blocks, and the memory of what is dropped is free at once.
 */
export class PackedEntries {
  readonly #blocks: Block[] = []
  /** The system hands out memory page by page and empty, which costs more than to fill it. */
  readonly #spares: Uint8Array[] = []
  /** Ticks since a block was needed. */
  #quiet = 0
  /** Of no size, and made large again: for V8 a new one is new memory, and it looks for garbage, while of one that shrinks it takes no note. */
  readonly #shrunk: Uint8Array[] = []
  /** What is no command, and long commands, as they were; their place in the blocks is empty. In the order of their indices. */
  readonly #asTheyWere = new Map<Index, Entry>()

  /** The next one, or after `clear` any one. */
  push(entry: Entry): void {
    const data = entry.type === 'command' && entry.data.length <= packedMost ? entry.data : nothing
    if (data === nothing) this.#asTheyWere.set(entry.index, alone(entry))
    const block = this.#blockFor(entry.index, data.length)
    block.bytes.set(data, block.used)
    block.used += data.length
    block.ends.push(block.used)
    block.terms.push(entry.term)
  }

  /** Of an entry that is held, as with the methods that follow. */
  termAt(index: Index): Term {
    const block = this.#blockOf(index)
    return block.terms[index - block.first]!
  }

  payloadBytesAt(index: Index): number {
    const entry = this.#asTheyWere.get(index)
    if (entry !== undefined) return payloadBytes(entry)
    const block = this.#blockOf(index)
    const place = index - block.first
    return block.ends[place]! - startOf(block, place)
  }

  at(index: Index): Entry {
    return this.slice(index, index)[0]!
  }

  /** Copies of the entries from `first` to `last`. */
  slice(first: Index, last: Index): readonly Entry[] {
    const entries: Entry[] = []
    for (let next = first; next <= last; ) {
      const block = this.#blockOf(next)
      const end = Math.min(last, lastOf(block))
      this.#copy(block, next, end, entries)
      next = end + 1
    }
    return entries
  }

  /** Forgets entries up to and including `index`, which is held. */
  dropTo(index: Index): void {
    const kept = this.#blocks.findIndex(block => lastOf(block) > index)
    this.#drop(kept < 0 ? this.#blocks.length : kept)
    for (const at of this.#asTheyWere.keys()) {
      if (at > index) break
      this.#asTheyWere.delete(at)
    }
  }

  clear(): void {
    this.#drop(this.#blocks.length)
    this.#asTheyWere.clear()
  }

  tick(): void {
    this.#quiet++
    if (this.#quiet >= quietMost && this.#spares.length > 0) this.#keepSpares(0)
  }

  #copy(block: Block, first: Index, last: Index, entries: Entry[]): void {
    const from = startOf(block, first - block.first)
    const bytes = block.bytes.slice(from, block.ends[last - block.first])
    for (let index = first; index <= last; index++) {
      const place = index - block.first
      const asItWas = this.#asTheyWere.get(index)
      if (asItWas !== undefined) entries.push(asItWas)
      else {
        const data = bytes.subarray(startOf(block, place) - from, block.ends[place]! - from)
        entries.push({ term: block.terms[place]!, index, type: 'command', data })
      }
    }
  }

  /** Binary search: whoever walks back through the log asks for each index. */
  #blockOf(index: Index): Block {
    const blocks = this.#blocks
    let low = 0
    let high = blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (blocks[middle]!.first <= index) low = middle
      else high = middle - 1
    }
    return blocks[low]!
  }

  #blockFor(index: Index, bytes: number): Block {
    const newest = this.#blocks[this.#blocks.length - 1]
    if (newest !== undefined && newest.used + bytes <= newest.bytes.length && newest.ends.length < blockEntries) return newest
    const block = { first: index, bytes: this.#memory(newest?.bytes.length ?? 0, bytes), used: 0, ends: [], terms: [] }
    this.#blocks.push(block)
    return block
  }

  #memory(before: number, atLeast: number): Uint8Array {
    const { first, most } = blockBytes
    let size = Math.min(Math.max(2 * before, first), most)
    while (size < atLeast) size *= 2
    if (size < most) return new Uint8Array(size)
    this.#quiet = 0
    const spare = this.#spares.pop() ?? this.#shrunk.pop()
    if (spare === undefined) return new Uint8Array(new ArrayBuffer(most, { maxByteLength: most }))
    if (spare.length === 0) (spare.buffer as ArrayBuffer).resize(most)
    return spare
  }

  #drop(count: number): void {
    for (const { bytes } of this.#blocks.splice(0, count)) if (bytes.length === blockBytes.most) this.#spares.push(bytes)
    this.#keepSpares(this.#blocks.length === 0 ? 0 : sparesMost)
  }

  /** The system gets the others at once: what a collector frees much later leaves holes in the memory of the process, which stay. */
  #keepSpares(most: number): void {
    for (const bytes of this.#spares.splice(most)) {
      const { buffer } = bytes as { buffer: Partial<ArrayBuffer> }
      if (buffer.resize === undefined) continue // older browsers have none, and collect it
      buffer.resize(0)
      this.#shrunk.push(bytes)
    }
  }
}

const nothing = new Uint8Array(0)

function lastOf({ first, ends }: Block): Index {
  return first + ends.length - 1
}

function startOf({ ends }: Block, place: number): number {
  return place === 0 ? 0 : ends[place - 1]!
}

/** A view may be of memory that holds much else. */
function alone(entry: Entry): Entry {
  if (entry.type !== 'command' || entry.data.length === entry.data.buffer.byteLength) return entry
  return { ...entry, data: new Uint8Array(entry.data) }
}
