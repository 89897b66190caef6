import { Buffer } from 'node:buffer'
import { toBlock } from './blocks.ts'

/**
 * The data of a snapshot: what the node keeps beside the state machine in blocks, each a length (u32) and so many bytes; an empty block;
 * and then the state machine's own data, as it gave them.
 */
const headBytes = 4
const blockBytes = 64 * 1024
const blockBytesMax = 64 * 1024 * 1024

/** `pieces` must stay as they are while this is read; several go into one block. */
export async function* withNodePart(
  head: Uint8Array,
  pieces: Iterable<Uint8Array>,
  data: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let gathered = [head]
  let bytes = head.length
  for (const piece of pieces) {
    gathered.push(piece)
    bytes += piece.length
    if (bytes < blockBytes) continue
    yield toBlock(...gathered)
    gathered = []
    bytes = 0
  }
  if (gathered.length > 0) yield toBlock(...gathered)
  yield toBlock()
  yield* data
}

/**
 * Takes the node's blocks off the stream; the rest is what the state machine wants. Who gave the source ends it.
 * @throws Error where the stream is not one that `withNodePart` makes.
 */
export async function splitNodePart(
  source: AsyncIterator<Uint8Array>,
): Promise<{ readonly blocks: readonly Uint8Array[]; readonly rest: AsyncIterable<Uint8Array> }> {
  const blocks: Uint8Array[] = []
  let held: Uint8Array = new Uint8Array(0)
  const holding = async (wanted: number): Promise<void> => {
    const pieces = [held]
    for (let bytes = held.length; bytes < wanted; ) {
      const step = await source.next()
      if (step.done === true) throw new Error('the snapshot ends within what the node keeps in it')
      pieces.push(step.value)
      bytes += step.value.length
    }
    if (pieces.length > 1) held = Buffer.concat(pieces)
  }
  for (;;) {
    await holding(headBytes)
    const size = new DataView(held.buffer, held.byteOffset).getUint32(0)
    if (size > blockBytesMax) throw new Error(`a block of ${size} bytes in a snapshot`)
    await holding(headBytes + size)
    const block = held.subarray(headBytes, headBytes + size)
    held = held.subarray(headBytes + size)
    if (size === 0) return { blocks, rest: following(source, held) }
    blocks.push(block)
  }
}

/** What is left of it. Who gave the source ends it. */
export async function* following(source: AsyncIterator<Uint8Array>, first: Uint8Array = new Uint8Array(0)): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first
  for (let step = await source.next(); step.done !== true; step = await source.next()) yield step.value
}

/**
 * Takes the first step at once. A state machine that is written as a generator would otherwise freeze its view only when the disk gets
 * round to asking, and mix later commands into this snapshot.
 */
export function begun(data: AsyncIterable<Uint8Array>): AsyncIterableIterator<Uint8Array> {
  const iterator = data[Symbol.asyncIterator]()
  let first: Promise<IteratorResult<Uint8Array>> | undefined = iterator.next()
  first.catch(() => {}) // seen again by whoever reads
  const next = () => {
    const step = first ?? iterator.next()
    first = undefined
    return step
  }
  return endingWith({ next }, iterator)
}

/** Whose end is that of the source, too, also where nothing was ever read: a generator that was not begun ends without a word to anybody. */
export function endingWith(
  data: Pick<AsyncIterator<Uint8Array>, 'next' | 'return'>,
  source: AsyncIterator<Uint8Array>,
): AsyncIterableIterator<Uint8Array> {
  return {
    next: () => data.next(),
    async return() {
      await data.return?.()
      await source.return?.()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
