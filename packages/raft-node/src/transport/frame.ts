import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'

/**
 * The unit on the wire: 13 bytes of header, then the payload.
 *
 *     0  3  "Rft"
 *     3  1  version of this layout
 *     4  1  type
 *     5  4  length of the payload, big-endian
 *     9  4  CRC-32 of bytes 0 to 8 and the payload
 *
 * The magic lets a node tell a stranger (HTTP, TLS, a port scan) by the first byte. The checksum also covers the header,
 * so that a flipped bit in the type is found as well.
 */
export type Frame = {
  readonly type: number /** A view: valid as long as the chunk it lies in; copy what has to live on. */
  readonly payload: Buffer
}

/** Why bytes are no frame. Final: what follows on that connection cannot be trusted. */
export type FrameFault = {
  readonly fault: 'not-raft' | 'version' | 'too-long' | 'checksum' /** The first bytes, to tell who is there. */
  readonly head: Buffer
}

export const frameType = {
  hello: 1,
  refusal: 2,
  ping: 3,
  message: 4,
  request: 5,
  answer: 6,
  failure: 7,
  snapshot: 8,
  chunk: 9,
  /** 10 was the end of a snapshot. */
  received: 11,
  rest: 12,
} as const
export type FrameType = (typeof frameType)[keyof typeof frameType]

export const headerBytes = 13
const version = 1
const magic = Buffer.from([...Buffer.from('Rft'), version])
const magicAndVersion = magic.readUInt32BE()
const checksumAt = 9
const nothing = Buffer.alloc(0)

/** One frame, ready for the socket. */
export function encodeFrame(type: FrameType, payload: Uint8Array): Buffer {
  return makeFrame(type, payload.length, (frame, at) => frame.set(payload, at))
}

/** The same, for a payload of `length` bytes that is written where it goes. */
export function makeFrame(type: FrameType, length: number, write: (frame: Buffer, at: number) => void): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + length)
  write(frame, headerBytes)
  // What the checksum covers stands without a gap first, so that it takes one call.
  writeStart(frame, 4, type, length)
  const checksum = crc32(frame.subarray(4))
  writeStart(frame, 0, type, length)
  frame.writeUInt32BE(checksum, checksumAt)
  return frame
}

/** The header alone, for a payload that is long enough to go out as it is, without a copy behind its header. */
export function encodeHeader(type: FrameType, payload: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(headerBytes)
  writeStart(header, 0, type, payload.length)
  header.writeUInt32BE(checksum(header, payload), checksumAt)
  return header
}

/** All of a header but the checksum. */
function writeStart(to: Buffer, at: number, type: FrameType, length: number): void {
  to.writeUInt32BE(magicAndVersion, at)
  to[at + 4] = type
  to.writeUInt32BE(length, at + 5)
}

/**
 * Finds the frames in a stream that arrives in chunks of any size. Never holds more than twice what has arrived of one frame,
 * and never more than `limit`: a length in a header allocates nothing. A byte is copied only if its frame spans chunks, and then
 * a bounded number of times.
 *
 * Use: `push` a chunk, then call `next` until it returns undefined or a fault.
 */
export class FrameDecoder {
  /** Longest payload that is accepted. May be raised between frames. */
  limit: number
  /** What has arrived and not been looked at. */
  #chunk: Buffer = nothing
  /** The beginning of a frame that spans chunks; the first #held bytes of it are filled. */
  #partial: Buffer = nothing
  #held = 0
  #fault: FrameFault | undefined

  constructor(limit: number) {
    this.limit = limit
  }

  push(chunk: Buffer): void {
    if (this.#fault !== undefined) return
    this.#chunk = this.#chunk.length === 0 ? chunk : Buffer.concat([this.#chunk, chunk])
  }

  next(): Frame | FrameFault | undefined {
    if (this.#fault !== undefined) return this.#fault
    if (this.#held > 0) return this.#nextSpanning()
    if (this.#chunk.length === 0) return undefined
    const fault = this.#check(this.#chunk)
    if (fault !== undefined) return fault
    const length = frameLength(this.#chunk)
    if (length === undefined || this.#chunk.length < length) return this.#nextSpanning()
    const frame = this.#chunk.subarray(0, length)
    this.#skip(length)
    return this.#open(frame)
  }

  #nextSpanning(): Frame | FrameFault | undefined {
    const hasHeader = this.#gather(headerBytes)
    const start = this.#partial.subarray(0, this.#held)
    const fault = this.#check(start)
    if (fault !== undefined) return fault
    if (!hasHeader) return undefined
    const length = frameLength(start) ?? headerBytes
    if (!this.#gather(length)) return undefined
    const frame = this.#partial.subarray(0, length)
    this.#partial = nothing
    this.#held = 0
    return this.#open(frame)
  }

  /** Moves bytes from the chunk to the partial frame until that has `length`; false when the chunk ends before. */
  #gather(length: number): boolean {
    const taken = this.#chunk.subarray(0, Math.max(0, length - this.#held))
    this.#reserve(this.#held + taken.length, length)
    this.#partial.set(taken, this.#held)
    this.#held += taken.length
    this.#skip(taken.length)
    return this.#held >= length
  }

  #skip(length: number): void {
    // An empty view would still hold the socket's buffer.
    this.#chunk = this.#chunk.length === length ? nothing : this.#chunk.subarray(length)
  }

  /** Doubling keeps the copying linear, and the memory in proportion to what was really sent. */
  #reserve(needed: number, most: number): void {
    if (this.#partial.length >= needed) return
    const grown = Buffer.allocUnsafeSlow(Math.min(most, Math.max(needed, 2 * this.#partial.length, 256)))
    grown.set(this.#partial.subarray(0, this.#held))
    this.#partial = grown
  }

  /** As early as possible: magic and version byte by byte, the length as soon as the header is there. */
  #check(start: Buffer): FrameFault | undefined {
    const seen = Math.min(start.length, magic.length)
    if (start.compare(magic, 0, Math.min(seen, 3), 0, Math.min(seen, 3)) !== 0) return this.#fail('not-raft', start)
    if (seen === 4 && start[3] !== version) return this.#fail('version', start)
    if (start.length >= headerBytes && start.readUInt32BE(5) > this.limit) return this.#fail('too-long', start)
    return undefined
  }

  #open(frame: Buffer): Frame | FrameFault {
    const payload = frame.subarray(headerBytes)
    if (frame.readUInt32BE(checksumAt) !== checksum(frame, payload)) return this.#fail('checksum', frame)
    return { type: frame.readUInt8(4), payload }
  }

  #fail(fault: FrameFault['fault'], start: Buffer): FrameFault {
    this.#fault = { fault, head: Buffer.from(start.subarray(0, 16)) }
    this.#chunk = nothing
    this.#partial = nothing
    return this.#fault
  }
}

function frameLength(start: Buffer): number | undefined {
  return start.length < headerBytes ? undefined : headerBytes + start.readUInt32BE(5)
}

function checksum(header: Buffer, payload: Uint8Array): number {
  return crc32(payload, crc32(header.subarray(0, checksumAt)))
}
