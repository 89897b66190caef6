import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Benchmark, Outcome, Settings } from '../benchmark.ts'
import { outputOf } from '../child.ts'
import { whole } from '../format.ts'
import { type BatchResult, type Round, reportOf } from './report.ts'
import type { StoreSample } from './sample.ts'

const program = fileURLToPath(new URL('./sample.ts', import.meta.url))
const batches = [1, 16, 64]

type Lengths = { readonly rounds: number; readonly warmUp: number; readonly seconds: number }
const full: Lengths = { rounds: 3, warmUp: 0.5, seconds: 1 }
const quick: Lengths = { rounds: 1, warmUp: 0.5, seconds: 1 }

export const stores: Benchmark = {
  about: 'the two log stores: entries durable a second, the time of one save, and the CPU time of an entry',
  run: measure,
}

async function measure(settings: Settings): Promise<Outcome> {
  const lengths = settings.quick ? quick : full
  const folder = process.env.RAFT_BENCH_DIR ?? tmpdir()
  const results: BatchResult[] = []
  for (const batch of batches) results.push({ batch, rounds: await measureRounds(batch, lengths, folder, settings) })
  const data = { ...lengths, folder, results }
  return { text: reportOf(data), data }
}

/** One after the other, round by round: what slows the disk for a while slows all of them. */
async function measureRounds(batch: number, lengths: Lengths, folder: string, { progress }: Settings): Promise<Round[]> {
  const rounds: Round[] = []
  for (let at = 1; at <= lengths.rounds; at++) {
    const sample = (what: string) => {
      progress.now(`${batch} a save: ${at}/${lengths.rounds} ${what}`)
      return measured(what, batch, lengths, folder)
    }
    const round = { level: await sample('level'), wal: await sample('wal'), flush: await sample('flush') }
    rounds.push(round)
    progress.done(`${batch} a save: ${at}/${lengths.rounds}  level ${whole(round.level.rate)}/s, wal ${whole(round.wal.rate)}/s`)
  }
  return rounds
}

async function measured(what: string, batch: number, { warmUp, seconds }: Lengths, folder: string): Promise<StoreSample> {
  const args = ['--conditions=raft-source', '--import', 'tsx', program, what, String(batch), String(warmUp), String(seconds), folder]
  return JSON.parse(await outputOf({ file: process.execPath, args, cwd: dirname(program) }, warmUp + seconds + 60))
}
