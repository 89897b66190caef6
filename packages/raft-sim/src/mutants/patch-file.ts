import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Kind } from '../seed-pool.ts'

export type Patch = {
  readonly name: string
  readonly text: string
  /** The files it changes, from the root of the repository. */
  readonly touches: readonly string[]
}

/** A patch of this repository: it says what it plants, and how soon that must be found. */
export type Mutant = Patch & { readonly bug: string; readonly kind: Kind; readonly seeds: number }

/** What is wrong with a patch, in words for whoever wrote it. */
export class PatchError extends Error {
  override readonly name = 'PatchError'
}

/** Throws a PatchError when there is no such file, or it holds no change. */
export function readPatch(file: string): Patch {
  const text = textOf(file)
  const touches = [...text.matchAll(/^(?:\+\+\+|---) (?:[ab]\/)?([^\t\r\n]+)/gm)].map(match => match[1]!)
  const files = [...new Set(touches.filter(path => path !== '/dev/null'))]
  if (files.length === 0) throw new PatchError(`${file} holds no unified diff (--- a/FILE, +++ b/FILE, @@)`)
  return { name: basename(file).replace(/\.(?:patch|diff)$/, ''), text, touches: files }
}

/** Throws a PatchError when its head does not say what it must. */
export function readMutant(file: string): Mutant {
  const patch = readPatch(file)
  const head = patch.text.slice(0, patch.text.search(/^(?:diff |--- )/m))
  const bug = /^# (.+)/.exec(head)?.[1]
  const hunt = /^# hunted by: (core|node), within (\d+) seeds?$/m.exec(head)
  if (bug === undefined || hunt === null)
    throw new PatchError(`${file} begins with "# what it plants" and "# hunted by: core, within 100 seeds" (or node)`)
  return { ...patch, bug, kind: hunt[1] as Kind, seeds: Number(hunt[2]) }
}

/** Who can find a bug in what the patch touches. Whole nodes run the core, too: what the first misses is for the second. */
export function huntersOf({ touches }: Patch): readonly Kind[] {
  const within = (...folders: readonly string[]) => touches.every(path => folders.some(folder => path.startsWith(folder)))
  if (within('packages/raft-node/', 'apps/', 'packages/raft-sim/src/node/')) return ['node']
  if (within('packages/raft-sim/src/world/')) return ['core']
  return ['core', 'node']
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new PatchError(`cannot read ${file}: ${error instanceof Error ? error.message : error}`)
  }
}
