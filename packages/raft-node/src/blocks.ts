/** Blocks in a stream of bytes: each a length (u32) and so many bytes. However the stream is cut on its way, the blocks come out whole. */
export function toBlock(bytes: Uint8Array): Uint8Array {
  const block = new Uint8Array(4 + bytes.length)
  new DataView(block.buffer).setUint32(0, bytes.length)
  block.set(bytes, 4)
  return block
}

export async function* blocksIn(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of stream) {
    rest = rest.length === 0 ? chunk : joined(rest, chunk)
    for (let end = endOfFirst(rest); end !== undefined; end = endOfFirst(rest)) {
      yield rest.subarray(4, end)
      rest = rest.subarray(end)
    }
  }
  if (rest.length > 0) throw new Error('the stream ends within a block')
}

function endOfFirst(bytes: Uint8Array): number | undefined {
  if (bytes.length < 4) return undefined
  const end = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  return end <= bytes.length ? end : undefined
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
