import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outputOf } from '../child.ts'
import { build, ownRoot } from '../cluster/built.ts'
import { KvCluster } from '../cluster/kv-cluster.ts'
import type { DiffRequest } from '../command-line.ts'
import { type Figure, figureOf } from '../figure.ts'
import { counted, whole } from '../format.ts'
import { autocannon } from '../load/autocannon.ts'
import { readKeys, writeKeys } from '../load/keys.ts'
import { type Load, type Measured, measure } from '../load/load.ts'
import { findWrk } from '../load/wrk.ts'
import type { Progress } from '../progress.ts'

type Checkout = { readonly commit: string; readonly root: string }
type Case = Pick<Load, 'kind' | 'connections'>
const cases: readonly Case[] = [
  { kind: 'put', connections: 1 },
  { kind: 'put', connections: 64 },
  { kind: 'get', connections: 64 },
]

/** Their servers under the same load, in turns: what slows the machine for a while slows both. */
export async function measureCommits(request: DiffRequest, progress: Progress): Promise<readonly [readonly Figure[], readonly Figure[]]> {
  const rounds = request.times ?? (request.quick ? 2 : 5)
  const folder = mkdtempSync(join(tmpdir(), 'raft-bench-diff-'))
  const checkouts: Checkout[] = []
  try {
    for (const commit of [request.before, request.after])
      checkouts.push(await checkOut(commit, join(folder, String(checkouts.length)), progress))
    const runs = checkouts.map(() => cases.map((): Measured[] => []))
    for (let round = 1; round <= rounds; round++) {
      for (const [at, checkout] of checkouts.entries()) {
        progress.now(`diff: round ${round}/${rounds}, ${checkout.commit}`)
        const measured = await measureOnce(checkout, request.quick)
        for (const [i, each] of measured.entries()) runs[at]![i]!.push(each)
        progress.done(
          `diff: round ${round}/${rounds}, ${checkout.commit}: ${measured.map(each => `${whole(each.perSecond)}/s`).join(', ')}`,
        )
      }
    }
    const figures = runs.map(perCase => perCase.map((each, i) => figureOf(placeOf(cases[i]!), each)))
    return [figures[0]!, figures[1]!]
  } finally {
    for (const { root } of checkouts) await git('worktree', 'remove', '--force', root).catch(() => '')
    rmSync(folder, { recursive: true, force: true })
  }
}

function placeOf({ kind, connections }: Case) {
  return { name: `${kind === 'put' ? 'writes' : 'reads'}, ${counted(connections, 'connection')}`, series: kind, at: connections }
}

async function measureOnce({ root }: Checkout, quick: boolean): Promise<Measured[]> {
  const generator = (await findWrk()) ?? autocannon
  await using cluster = await KvCluster.start({ size: 3, root })
  const { url } = await cluster.leader()
  await measure(generator, { url, kind: 'put', connections: 64, seconds: quick ? 3 : 6 }, [])
  const reads = { url, kind: 'get', connections: 64, seconds: 2, keys: readKeys } as const
  await writeKeys(reads)
  await measure(generator, reads, [])
  const measured: Measured[] = []
  for (const each of cases)
    measured.push(await measure(generator, { url, ...each, keys: readKeys, seconds: quick ? 2 : 4 }, await cluster.watched()))
  return measured
}

/** A worktree of its own, compiled, with the packages of other people shared and ours its own. */
async function checkOut(commit: string, root: string, progress: Progress): Promise<Checkout> {
  progress.now(`diff: building ${commit}`)
  await git('worktree', 'add', '--detach', root, commit).catch(() => {
    throw new Error(`${commit} is neither a file nor a commit`)
  })
  linkModules(join(ownRoot, 'node_modules'), join(root, 'node_modules'), root)
  await build(root)
  return { commit, root }
}

/** Links to links: packages of this repository lead into the worktree, all others to what is installed here. */
function linkModules(installed: string, target: string, root: string): void {
  const ours = ['packages', 'apps'].flatMap(folder =>
    readdirSync(join(root, folder)).map(name => [name, join(root, folder, name)] as const),
  )
  mkdirSync(target)
  for (const name of readdirSync(installed)) {
    const own = ours.find(([each]) => each === name)?.[1]
    if (name !== '.cache' && name !== 'bench') symlinkSync(own ?? join(installed, name), join(target, name))
  }
  for (const [name, path] of ours) if (!existsSync(join(target, name))) symlinkSync(path, join(target, name))
}

function git(...args: readonly string[]): Promise<string> {
  return outputOf({ file: 'git', args, cwd: ownRoot }, 120)
}
