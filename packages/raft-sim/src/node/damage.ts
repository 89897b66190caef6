import { crc32 } from 'node:zlib'
import { entryKey, snapshotFolder } from 'raft-node/level'
import type { Random } from '../random.ts'
import type { Database } from './database.ts'
import type { Disk } from './disk.ts'
import { dataFolder, textOf } from './disk.ts'
import type { Machine } from './machine.ts'
import type { NodeWorld } from './world.ts'

const entryPrefix = textOf(entryKey(0)).charAt(0)
const snapshots = `${dataFolder}/${snapshotFolder}`

/** What disks and databases do to a log, or to snapshots, that nobody has touched; LevelDB says nothing of any of it (§2 of the research). */
const kinds: readonly { readonly name: string; act(disk: Disk, random: Random): boolean }[] = [
  { name: 'the last batches are gone', act: ({ database }, random) => database.forgetLast(random.between(1, 4), isEntry) },
  {
    name: 'a record is gone',
    act({ database }, random) {
      const key = anEntry(database.keys(entryPrefix, `${entryPrefix}\uffff`), random)
      return key !== undefined && database.damage(key, undefined)
    },
  },
  {
    name: 'a bit of a record is another',
    act({ database }, random) {
      const keys = database.keys('', '\uffff')
      const key = random.chance(0.7) ? anEntry(keys, random) : keys[random.below(keys.length)]
      const value = key === undefined ? undefined : database.get(key)
      return key !== undefined && value !== undefined && value.length > 0 && database.damage(key, flipped(value, random))
    },
  },
  { name: 'a record is the one that stood there before', act: ({ database }, random) => database.restoreOlder(random, isEntry) },
  { name: 'a record has other contents, and a checksum that fits', act: ({ database }, random) => forge(database, random) },
  {
    name: 'a bit of a snapshot is another',
    act({ files }, random) {
      const name = files.list(snapshots).at(-1)
      return name !== undefined && files.file(`${snapshots}/${name}`)?.flip(random) === true
    },
  },
]

/** Kills a node, and damages its disk before it is started again. False where there was nothing to damage. */
export function strike<Result>(world: NodeWorld<Result>, machine: Machine<Result>, random: Random): boolean {
  const { process, disk, cluster, watch } = machine
  const nodeId = watch?.identity?.nodeId
  // While it saves, the watermark may lag behind the log: what lies above it nobody was told of.
  if (process === undefined || nodeId === undefined || watch?.isSaving !== false || disk.pendingOf(process) > 0) return false
  machine.crash('kill')
  const kind = random.pick(kinds)
  if (!kind.act(disk, random)) return false
  disk.isDamaged = true
  cluster?.damaged(nodeId)
  world.journal.record('fault', world.now, machine, kind.name.length, 1, () => `its disk is damaged: ${kind.name}`)
  world.coverage.saw('damaged log')
  return true
}

// Of the small records only damaged ones: an older commit index in place of the newest looks like the newest.
function isEntry(key: string): boolean {
  return key.startsWith(entryPrefix)
}

/** One flipped bit in four billion passes the checksum of the record, and not the chain of them. */
function forge(database: Database, random: Random): boolean {
  const key = anEntry(database.keys('', '\uffff'), random)
  const value = key === undefined ? undefined : database.get(key)?.slice()
  if (key === undefined || value === undefined) return false
  const { length } = value
  value[length - 1] = value[length - 1]! ^ 1
  new DataView(value.buffer).setUint32(0, crc32(value.subarray(4)))
  return database.damage(key, value)
}

/** Mostly of the end of the log, which the watermark must answer for. */
function anEntry(keys: readonly string[], random: Random): string | undefined {
  const entries = keys.filter(isEntry)
  if (entries.length === 0) return undefined
  return random.chance(0.5) ? entries.at(-1) : random.pick(entries)
}

function flipped(bytes: Uint8Array, random: Random): Uint8Array {
  const result = bytes.slice()
  const at = random.below(result.length)
  result[at] = result[at]! ^ (1 << random.below(8))
  return result
}
