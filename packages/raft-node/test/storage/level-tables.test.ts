import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { crc32c } from '../../src/storage/crc32c.ts'
import { levelBatches } from '../../src/storage/level-batches.ts'
import { damagedTable } from '../../src/storage/level-tables.ts'
import { nodeFiles } from '../../src/storage/node-files.ts'

const options = { compression: false, writeBufferSize: 64 * 1024, maxFileSize: 64 * 1024 }
let folder: string

/** Some tables, merged until nothing is left to merge, so that each is named: written, partly removed, and written again. */
async function fill(): Promise<void> {
  const level = new ClassicLevel<string, string>(folder, options)
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 600; i++) await level.put(`key ${(i * 7919) % 1000}`, `${round} `.repeat(100))
    await level.clear({ gte: 'key 5', lt: 'key 6' })
  }
  await level.compactRange('', '~')
  await level.close()
}

async function tables(): Promise<string[]> {
  return (await readdir(folder)).filter(name => name.endsWith('.ldb')).map(name => join(folder, name))
}

async function changed(path: string, change: (bytes: Buffer) => Buffer, look: () => Promise<void>): Promise<void> {
  const whole = await readFile(path)
  await writeFile(path, change(Buffer.from(whole)))
  await look()
  await writeFile(path, whole)
}

const found = () => damagedTable(nodeFiles, folder)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raft-tables-'))
  await fill()
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('the checksum is that of RFC 3720', () => {
  expect(crc32c(Buffer.from('123456789')).toString(16)).toBe('e3069283')
})

describe('damage of a table', () => {
  test('is found wherever a bit was turned, and there is none before', async () => {
    expect(await found()).toBeUndefined()
    let looked = 0
    for (const path of await tables()) {
      const { length } = await readFile(path)
      for (let at = 0; at < length; at += 499, looked++) {
        const turned = (bytes: Buffer) => {
          bytes[at]! ^= 1 << (at % 8)
          return bytes
        }
        // Between what the foot says and its last word there is nothing.
        const isPadding = at >= length - 40 && at < length - 8
        if (!isPadding) await changed(path, turned, async () => expect(await found(), `${path} ${at}`).toContain('.ldb: '))
      }
    }
    expect(looked).toBeGreaterThan(200)
    expect(await found()).toBeUndefined()
  })

  test('is found where it was cut', async () => {
    for (const path of await tables()) {
      for (const keep of [0, 10, 0.5, 0.99]) {
        const cut = (bytes: Buffer) => bytes.subarray(0, keep >= 1 ? keep : Math.floor(keep * bytes.length))
        await changed(path, cut, async () => expect(await found()).toContain('were written'))
      }
    }
  })

  test('is nothing where no manifest names the table: a crash leaves such', async () => {
    const [first] = await tables()
    await writeFile(join(folder, '999999.ldb'), (await readFile(first!)).subarray(0, 1000))
    await writeFile(join(folder, '999998.ldb'), Buffer.alloc(5000, 7))
    expect(await found()).toBeUndefined()
  })

  test('is left to LevelDB where the manifest cannot be read', async () => {
    const manifest = (await readdir(folder)).find(name => name.startsWith('MANIFEST'))!
    const turned = (bytes: Buffer) => {
      bytes[20]! ^= 4
      return bytes
    }
    await changed(join(folder, manifest), turned, async () => expect(await found()).toBeUndefined())
  })

  test.each(['', '\n', '..\n', 'MANIFEST-000001', 'NANIFEST-000001\n', 'MANIFEST-999999\n', '\0'.repeat(16)])(
    'is told where CURRENT says %j',
    async text => {
      await writeFile(join(folder, 'CURRENT'), text)
      await expect(levelBatches(folder).open()).rejects.toMatchObject({ code: 'CORRUPT', message: expect.stringContaining('is damaged') })
    },
  )

  test('keeps LevelDB from opening, which it would end with the process', async () => {
    const [first] = await tables()
    const bytes = await readFile(first!)
    bytes[Math.floor(bytes.length / 2)]! ^= 8
    await writeFile(first!, bytes)
    await expect(levelBatches(folder).open()).rejects.toMatchObject({
      code: 'CORRUPT',
      message: expect.stringContaining('.ldb: the block'),
    })
  })
})

test('a folder that somebody has open is in use, whatever its tables look like', async () => {
  const batches = levelBatches(folder)
  await batches.open()
  const [first] = await tables()
  await writeFile(first!, Buffer.alloc(100))
  await expect(levelBatches(folder).open()).rejects.toMatchObject({ code: 'FOLDER_IN_USE' })
  await batches.close()
})
