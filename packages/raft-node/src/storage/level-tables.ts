import { crc32c, masked } from './crc32c.ts'
import type { Files } from './files.ts'
import { LevelBytes } from './level-bytes.ts'
import { tablesIn } from './level-manifest.ts'

/**
 * Which table of a LevelDB folder is damaged, or the file that leads to them, and where; undefined where none is. LevelDB does not look at
 * the checksums of its tables when it merges them in the background. What it then reads out of order ends the process by an assertion, and
 * at every start again. So all that its manifest names are looked at before it opens them. Only for folders that nobody has open.
 */
export async function damagedTable(files: Files, folder: string): Promise<string | undefined> {
  const current = await read(files, `${folder}/CURRENT`)
  if (current === undefined) return undefined
  const [, name] = /^(MANIFEST-\d+)\n$/.exec(Buffer.from(current).toString('latin1')) ?? []
  if (name === undefined) return 'CURRENT: it names no manifest'
  const manifest = await read(files, `${folder}/${name}`)
  const tables = manifest && tablesIn(manifest)
  const names = (await files.list(folder)).filter(each => /^\d+\.(ldb|sst)$/.test(each))
  for (const each of names) {
    const size = tables?.get(Number.parseInt(each, 10))
    const damage = size === undefined ? undefined : damageIn((await read(files, `${folder}/${each}`)) ?? nothing, size)
    if (damage !== undefined) return `${each}: ${damage}`
  }
  return undefined // a table or manifest that is gone LevelDB misses by itself
}

const nothing = new Uint8Array(0)

async function read(files: Files, path: string): Promise<Uint8Array | undefined> {
  const file = await files.open(path)
  if (file === undefined) return undefined
  try {
    return await file.readAt(0, await file.size())
  } finally {
    await file.close()
  }
}

type Handle = { readonly offset: number; readonly size: number }

const footBytes = 48
const magic = Buffer.from('57fb808b247547db', 'hex')
/** After each block: how it is compressed u8, crc32c u32 of both. */
const trailerBytes = 1 + 4

/** In words; undefined where each of its blocks has the checksum that stands behind it. */
function damageIn(bytes: Uint8Array, size: number): string | undefined {
  if (bytes.length !== size) return `${bytes.length} bytes, and ${size} were written`
  const foot = bytes.subarray(-footBytes)
  if (foot.length < footBytes || Buffer.compare(foot.subarray(-magic.length), magic) !== 0) return 'its end is damaged'
  try {
    const reader = new LevelBytes(foot)
    const [metaIndex, index] = [handleIn(reader), handleIn(reader)]
    return damageAt(bytes, metaIndex) ?? damageAt(bytes, index) ?? damageBehind(bytes, metaIndex) ?? damageBehind(bytes, index)
  } catch (error) {
    if (error instanceof RangeError) return `a block of its index cannot be read: ${error.message}`
    throw error
  }
}

function damageAt(bytes: Uint8Array, { offset, size }: Handle): string | undefined {
  if (offset + size + trailerBytes > bytes.length - footBytes) return `a block at byte ${offset} that reaches beyond its end`
  const stored = new DataView(bytes.buffer, bytes.byteOffset + offset + size + 1, 4).getUint32(0, true)
  return stored === masked(crc32c(bytes.subarray(offset, offset + size + 1))) ? undefined : `the block at byte ${offset} is damaged`
}

function damageBehind(bytes: Uint8Array, index: Handle): string | undefined {
  if (bytes[index.offset + index.size] !== 0) return undefined // compressed: not by us
  for (const handle of handlesIn(bytes.subarray(index.offset, index.offset + index.size))) {
    const damage = damageAt(bytes, handle)
    if (damage !== undefined) return damage
  }
  return undefined
}

/** Entries: how much of the key before is shared, length of the rest, length of the value, the rest, the value. Then where keys begin anew. */
function handlesIn(block: Uint8Array): Handle[] {
  const restarts = new DataView(block.buffer, block.byteOffset + block.length - 4, 4).getUint32(0, true)
  const entries = new LevelBytes(block.subarray(0, Math.max(0, block.length - 4 * (restarts + 1))))
  const handles: Handle[] = []
  while (entries.left > 0) {
    entries.varint()
    const [rest, length] = [entries.varint(), entries.varint()]
    entries.take(rest)
    handles.push(handleIn(new LevelBytes(entries.take(length))))
  }
  return handles
}

function handleIn(reader: LevelBytes): Handle {
  return { offset: reader.varint(), size: reader.varint() }
}
