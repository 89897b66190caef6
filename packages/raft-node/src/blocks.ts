const headBytes = 4

/** Blocks in a stream of bytes: each a length (u32) and so many bytes. However the stream is cut on its way, the blocks come out whole. */
export function toBlock(...pieces: readonly Uint8Array[]): Uint8Array {
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const block = new Uint8Array(headBytes + size)
  new DataView(block.buffer).setUint32(0, size)
  let at = headBytes
  for (const piece of pieces) {
    block.set(piece, at)
    at += piece.length
  }
  return block
}

export async function* blocksIn(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let gathered: Uint8Array[] = []
  let bytes = 0
  let wanted = headBytes
  for await (const chunk of stream) {
    gathered.push(chunk)
    bytes += chunk.length
    if (bytes < wanted) continue // joined only once a whole block is there: a large one is copied once, not once per chunk
    let rest = gathered.length === 1 ? chunk : joined(gathered, bytes)
    for (wanted = sizeOfFirst(rest); rest.length >= wanted; wanted = sizeOfFirst(rest)) {
      yield rest.subarray(headBytes, wanted)
      rest = rest.subarray(wanted)
    }
    gathered = [rest]
    bytes = rest.length
  }
  if (bytes > 0) throw new Error('the stream ends within a block')
}

/** As far as it can be told yet. */
function sizeOfFirst(bytes: Uint8Array): number {
  if (bytes.length < headBytes) return headBytes
  return headBytes + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
