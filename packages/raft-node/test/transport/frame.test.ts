import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeFrame, type Frame, FrameDecoder, type FrameFault } from '../../src/transport/frame.ts'

const limit = 64 * 1024
const frames = fc.array(fc.record({ type: fc.constantFrom(4, 5, 6), payload: fc.uint8Array({ maxLength: 300 }) }), { maxLength: 20 })
const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 })

describe('frames', () => {
  test('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(frames, cuts, (sent, sizes) => {
        const stream = Buffer.concat(sent.map(({ type, payload }) => encodeFrame(type, payload)))
        const { frames: received, fault } = decode(slices(stream, sizes))
        expect(fault).toBe(undefined)
        expect(received.map(({ type, payload }) => ({ type, payload: new Uint8Array(payload) }))).toEqual(sent)
      }),
    )
  })

  test('with one flipped bit are never taken for another frame', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), cuts, (payload, at, sizes) => {
        const frame = encodeFrame(4, payload)
        const bit = at % (frame.length * 8)
        frame[bit >> 3]! ^= 1 << (bit & 7)
        // A flipped length may also wait for bytes that never come: the handshake timeout and the pings see to that.
        expect(decode(slices(frame, sizes)).frames).toEqual([])
      }),
    )
  })

  test('cut short are not there yet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), (payload, at) => {
        const frame = encodeFrame(4, payload)
        expect(decode([frame.subarray(0, at % frame.length)])).toEqual({ frames: [], fault: undefined })
      }),
    )
  })

  test('random bytes give a fault or nothing, and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 500 }), cuts, (bytes, sizes) => {
        expect(decode(slices(Buffer.from(bytes), sizes)).frames).toEqual([])
      }),
    )
  })

  test('a fault is final', () => {
    const decoder = new FrameDecoder(limit)
    decoder.push(Buffer.from('GET / HTTP/1.1\r\n'))
    expect(decoder.next()).toMatchObject({ fault: 'not-raft' })
    decoder.push(encodeFrame(4, new Uint8Array(3)))
    expect(decoder.next()).toMatchObject({ fault: 'not-raft' })
  })

  test('a stranger is known by the first byte, another layout by its version', () => {
    expect(decode([Buffer.from([0x16])]).fault).toMatchObject({ fault: 'not-raft' })
    expect(decode([Buffer.from('Rft'), Buffer.from([9])]).fault).toMatchObject({ fault: 'version' })
  })

  test('longer than the limit are refused by their header, before a byte is set aside for them', () => {
    const header = encodeFrame(4, new Uint8Array(0))
    header.writeUInt32BE(0xffffffff, 5)
    expect(decode([header]).fault).toMatchObject({ fault: 'too-long' })
    expect(decode([encodeFrame(4, new Uint8Array(limit))]).frames).toHaveLength(1)
    expect(decode([encodeFrame(4, new Uint8Array(limit + 1))]).fault).toMatchObject({ fault: 'too-long' })
  })

  test('that only announce their length cost nothing', () => {
    const decoders = Array.from({ length: 200 }, () => {
      const decoder = new FrameDecoder(8 * 1024 * 1024)
      const header = encodeFrame(4, new Uint8Array(0))
      header.writeUInt32BE(8 * 1024 * 1024, 5)
      decoder.push(header)
      expect(decoder.next()).toBe(undefined)
      return decoder
    })
    expect(decoders).toHaveLength(200)
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(200 * 1024 * 1024)
  })

  test('of 8 MiB in small chunks are gathered in linear time', () => {
    const payload = new Uint8Array(8 * 1024 * 1024)
    const decoder = new FrameDecoder(payload.length)
    const stream = encodeFrame(4, payload)
    const began = performance.now()
    for (let at = 0; at < stream.length; at += 100) {
      decoder.push(stream.subarray(at, at + 100))
      const frame = decoder.next()
      if (frame !== undefined) expect('fault' in frame ? frame.fault : frame.payload.length).toBe(payload.length)
    }
    // Copying everything for each of the 84,000 chunks would be 350 GB.
    expect(performance.now() - began).toBeLessThan(3_000)
  })
})

function decode(chunks: readonly Buffer[]): { frames: Frame[]; fault: FrameFault | undefined } {
  const decoder = new FrameDecoder(limit)
  const found: Frame[] = []
  for (const chunk of chunks) {
    decoder.push(chunk)
    for (let next = decoder.next(); next !== undefined; next = decoder.next()) {
      if ('fault' in next) return { frames: found, fault: next }
      found.push(next)
    }
  }
  return { frames: found, fault: undefined }
}

function slices(stream: Buffer, sizes: readonly number[]): Buffer[] {
  const parts: Buffer[] = []
  for (let at = 0, i = 0; at < stream.length; i++) {
    const size = sizes[i % sizes.length] as number
    parts.push(stream.subarray(at, at + size))
    at += size
  }
  return parts
}
