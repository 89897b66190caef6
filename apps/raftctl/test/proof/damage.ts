import { open, readdir, readFile, truncate } from 'node:fs/promises'
import { join } from 'node:path'

/** What was done to a file, and where. */
export type Damage = { readonly kind: string; readonly file: string; readonly what: string }

/** What the files of a data folder are for; with how many samples of each kind there are to one of the smallest share. */
const kinds: readonly { readonly kind: string; readonly share: number; readonly pattern: RegExp }[] = [
  { kind: 'segment of the write-ahead log', share: 6, pattern: /^wal\/\d+\.wal$/ },
  { kind: "LevelDB's write-ahead log", share: 4, pattern: /^log\/\d+\.log$/ },
  { kind: "LevelDB's tables", share: 4, pattern: /^log\/\d+\.(ldb|sst)$/ },
  { kind: "LevelDB's CURRENT and MANIFEST", share: 2, pattern: /^log\/(CURRENT|MANIFEST-\d+)$/ },
  { kind: 'watermark', share: 3, pattern: /^watermark-[ab]$/ },
  { kind: 'snapshot', share: 3, pattern: /^snapshots\/.*\.snap$/ },
  { kind: 'snapshot that was not finished', share: 1, pattern: /^snapshots\/.*\.tmp$/ },
  { kind: 'reserve for a full disk', share: 1, pattern: /^reserve$/ },
  { kind: 'lock and notes', share: 1, pattern: /^(log|wal\/lock)\/.*$/ },
]
/** Kept from an earlier damage, or by somebody: no node reads it. */
const unused = /(^|\/)\./
const nearTheEnd = 2_000

/** Damages files in turn, so that every kind gets its share of the samples. */
export class Damages {
  readonly #counts = new Map<string, number>()

  /** One bit of one file of the folder is turned, or the file is cut, anywhere in it. */
  async strike(dir: string): Promise<Damage> {
    const files = await filesIn(dir)
    const { kind, names } = this.#next(files)
    const file = names[Math.floor(Math.random() * names.length)] as string
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
    const path = join(dir, file)
    const bytes = await readFile(path)
    const at = someOffset(bytes)
    if (Math.random() < 0.5) {
      await truncate(path, at)
      return { kind, file, what: `cut at ${at} of ${bytes.length}` }
    }
    const bit = 1 << Math.floor(Math.random() * 8)
    await overwrite(path, at, (bytes[at] ?? 0) ^ bit)
    return { kind, file, what: `bit ${bit} turned at ${at} of ${bytes.length}` }
  }

  /** The kind that is furthest behind its share, of those that are there. */
  #next(files: readonly string[]): { readonly kind: string; readonly names: readonly string[] } {
    const left = new Set(files)
    const present = kinds.flatMap(({ kind, share, pattern }) => {
      const names = [...left].filter(name => pattern.test(name))
      for (const name of names) left.delete(name)
      return names.length === 0 ? [] : [{ kind, names, behind: ((this.#counts.get(kind) ?? 0) + Math.random()) / share }]
    })
    if (left.size > 0) throw new Error(`nobody has said what ${[...left].join(', ')} are for`)
    return present.sort((a, b) => a.behind - b.behind)[0] as (typeof present)[number]
  }
}

/** Anywhere in the file, anywhere in what was written of it (the rest is zeros), or near the end of that. */
function someOffset(bytes: Uint8Array): number {
  const written = bytes.findLastIndex(byte => byte !== 0) + 1
  const where = Math.random()
  if (where < 0.2 || written === 0) return Math.floor(Math.random() * bytes.length)
  if (where < 0.6) return Math.floor(Math.random() * written)
  return Math.max(0, written - 1 - Math.floor(Math.random() * nearTheEnd))
}

async function overwrite(path: string, offset: number, byte: number): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(Uint8Array.of(byte), 0, 1, offset)
  await file.close()
}

/** All that hold anything. */
async function filesIn(dir: string): Promise<string[]> {
  const found = await readdir(dir, { recursive: true, withFileTypes: true })
  const names: string[] = []
  for (const entry of found) {
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(join(dir, '/').length)
    if (!entry.isFile() || unused.test(name) || (await readFile(path)).length === 0) continue
    names.push(name)
  }
  return names
}
