import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { everyMessage } from '../src/contracts/sample-messages.ts'
import { formatVersion } from '../src/storage/sealed.ts'
import { messageFrame } from '../src/transport/codec.ts'
import { encodeFrame, frameType, headerBytes } from '../src/transport/frame.ts'
import { protocolVersion } from '../src/transport/handshake.ts'
import { unpackTuple } from '../src/transport/tuple.ts'

const page = readFileSync(new URL('../../../docs/formats.md', import.meta.url), 'utf8')

test('docs/formats.md names the versions that are written', () => {
  expect(page).toContain(`| frames | ${encodeFrame(frameType.ping, new Uint8Array())[3]} |`)
  expect(page).toContain(`| the protocol in them | ${protocolVersion} |`)
  expect(page).toContain(`| the data folder | ${formatVersion} |`)
})

test('docs/formats.md names every type of frame and message with its number', () => {
  for (const [name, number] of Object.entries(frameType)) expect(page).toContain(`${number} ${name}`)
  for (const message of everyMessage('n1', 'n2')) {
    expect(page).toContain(`| ${unpackTuple(messageFrame(message).subarray(headerBytes)).integer()} | \`${message.type}\` |`)
  }
})
