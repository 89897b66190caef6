import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Benchmark } from './benchmark.ts'
import { benchmarks } from './benchmarks.ts'
import { parseCommandLine } from './command-line.ts'
import { table } from './format.ts'
import { busyWarning, describeMachine, thisMachine } from './machine.ts'
import { endWithThisProcess } from './process/managed.ts'
import { Progress } from './progress.ts'

endWithThisProcess()
const results = fileURLToPath(new URL('../results', import.meta.url))
const request = parseCommandLine(process.argv.slice(2), Object.keys(benchmarks))

if (request.ask === 'help') console.log(help())
else if (request.ask === 'nothing') {
  console.error(`${request.because} (npm run bench -- --help)`)
  process.exitCode = 2
} else for (const name of request.names) await run(name, benchmarks[name]!, request.quick)

async function run(name: string, benchmark: Benchmark, quick: boolean): Promise<void> {
  const machine = thisMachine()
  const warning = busyWarning(machine)
  console.log(`${name}: ${benchmark.about}\n${describeMachine(machine)}${warning === undefined ? '' : `\n${warning}`}`)
  const started = new Date().toISOString()
  const progress = new Progress(process.stderr)
  const { text, data, figures } = await benchmark.run({ quick, machine, progress })
  progress.clear()
  mkdirSync(results, { recursive: true })
  const file = join(results, `${name}.json`)
  writeFileSync(file, `${JSON.stringify({ benchmark: name, started, quick, machine, ...(data as object), figures }, null, 2)}\n`)
  console.log(`\n${text}\n\nEvery sample is in ${relative(process.cwd(), file)}`)
}

function help(): string {
  const names = Object.entries(benchmarks).map(([name, { about }]) => [`  ${name}`, about])
  const options = [
    ['  --quick', 'fewer and shorter samples: a look, not figures to quote'],
    ['  --help', 'this text'],
  ]
  const list = [...names, ...options].map(([left, right]) => [`${left!.padEnd(12)}${right}`])
  return `npm run bench -- [NAME ...] [--quick]\n\nMeasures, prints a table and writes bench/results/NAME.json. Without a name: everything.\n\n${table(list)}`
}
