import { mkdirSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Benchmark } from './benchmark.ts'
import { benchmarks } from './benchmarks.ts'
import { parseCommandLine, type RunRequest } from './command-line.ts'
import { describeConditions, measureConditions } from './conditions/conditions.ts'
import { diff } from './diff/diff.ts'
import { table } from './format.ts'
import { busyWarning, describeMachine, thisMachine } from './machine.ts'
import { endWithThisProcess } from './process/managed.ts'
import { Progress } from './progress.ts'
import { writeResult } from './report/result.ts'

const results = fileURLToPath(new URL('../results', import.meta.url))
mkdirSync(results, { recursive: true })
endWithThisProcess()
const progress = new Progress(process.stderr)
const request = parseCommandLine(process.argv.slice(2), Object.keys(benchmarks))

if (request.ask === 'help') console.log(help())
else if (request.ask === 'nothing') refuse(request.because)
else if (request.ask === 'diff') {
  try {
    const { text, slower } = await diff(request, progress)
    console.log(text)
    if (slower) process.exitCode = 1
  } catch (error) {
    refuse(error instanceof Error ? error.message : String(error))
  }
} else {
  const names = request.names.filter(name => !(request.everything && benchmarks[name]!.isPart))
  for (const name of names) await run(name, benchmarks[name]!, request)
}

async function run(name: string, benchmark: Benchmark, { quick, everything, times, minutes, url }: RunRequest): Promise<void> {
  progress.now(`${name}: measuring disk and loopback, and what else is running`)
  const machine = await thisMachine()
  const warning = busyWarning(machine)
  const conditions = await measureConditions()
  progress.clear()
  const head = [
    `${name}: ${benchmark.about}`,
    describeMachine(machine),
    describeConditions(conditions),
    ...(warning === undefined ? [] : [warning]),
  ]
  console.log(head.join('\n'))
  const started = new Date().toISOString()
  const {
    text,
    data,
    figures = [],
    plots = [],
    ratios = [],
  } = await benchmark.run({ quick, everything, times, minutes, url, machine, progress })
  progress.clear()
  const about = { benchmark: name, about: benchmark.about, started, quick, machine, conditions, text, figures, plots, ratios }
  const { json, html } = writeResult(results, { ...about, ...(data as object) })
  const [file, page] = [json, html].map(path => relative(process.cwd(), path))
  console.log(`\n${text}\n\nEvery sample is in ${file}, the plots in ${page}\n`)
}

function refuse(because: string): void {
  progress.clear()
  console.error(`${because} (npm run bench -- --help)`)
  process.exitCode = 2
}

function help(): string {
  const names = Object.entries(benchmarks).map(([name, { about }]) => [`  ${name}`, about])
  const options = [
    ['  diff A B', 'two results (files), or two commits, which it builds and runs in turns'],
    ['  --quick', 'fewer and shorter samples: a look, not figures to quote'],
    ['  --times N', 'how often failover kills the leader, how many rounds catch-up, compare and diff take'],
    ['  --minutes N', 'how long steady takes'],
    ['  --url URL', "compare: also this server (the workshop's API, already running)"],
    ['  --help', 'this text'],
  ]
  const list = [...names, ...options].map(([left, right]) => [`${left!.padEnd(12)}${right}`])
  return `npm run bench -- [NAME ...] [--quick]\n\nMeasures, prints a table, writes bench/results/NAME.json and bench/results/report.html. Without a name: everything.\n\n${table(list)}`
}
