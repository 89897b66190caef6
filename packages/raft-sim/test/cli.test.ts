import { expect, test } from 'vitest'
import { Coverage, type Mark, required } from '../src/coverage.ts'
import type { RunResult, RunSeed } from '../src/index.ts'
import { parseArguments, runSimulation, simulateCore } from '../src/index.ts'

const cores: RunSeed = (seed, print) => simulateCore({ seed, events: 2000, ...(print && { print }) })

/** What a run of the command line prints, and its exit code. Time passes by 100 ms with each look at the clock. */
async function runCli(
  args: readonly string[],
  run: RunSeed,
  mustSee: readonly Mark[] = [],
): Promise<{ readonly text: string; readonly last: string; readonly code: number }> {
  let text = ''
  let now = 0
  const terminal = { write: (more: string) => (text += more), isInteractive: false, nowMs: () => (now += 100) }
  const simulated = { run, command: 'npm run sim --', mustSee }
  const code = await runSimulation(parseArguments(args), simulated, { ...terminal, write: more => void terminal.write(more) })
  return { text, last: text.trimEnd().split('\n').at(-1)!, code }
}

/** A run that was not simulated: it has seen all there is to see. */
function made(seed: number, over: Partial<RunResult> = {}): RunResult {
  const coverage = new Coverage()
  for (const mark of required) coverage.saw(mark)
  return { seed, events: 10, simulatedMs: 1000, hash: `hash ${seed}`, coverage, failure: undefined, ...over }
}

test.each([
  [['--seed', '7'], { seed: 7, seconds: undefined, trace: false }],
  [['--seconds=20', '--seed=3', '--trace'], { seed: 3, seconds: 20, trace: true }],
  [[], { seed: undefined, seconds: undefined, trace: false }],
])('arguments %j', (args, options) => {
  expect(parseArguments(args)).toEqual(options)
})

test.each([
  [['--sed', '7'], /unknown argument --sed/],
  [['--seed'], /--seed needs a number/],
  [['--seed', '1.5'], /integer/],
  [['--trace'], /--trace needs --seed/],
])('arguments that are refused: %j', (args, message) => {
  expect(() => parseArguments(args)).toThrow(message)
})

test('one seed prints the same twice, and its verdict last', async () => {
  const first = await runCli(['--seed', '7'], cores)
  expect(first.code).toBe(0)
  expect(first.last).toMatch(/^1 seed, \d+ events, .* simulated: 0 violations$/)
  expect((await runCli(['--seed', '7'], cores)).text).toBe(first.text)
  expect((await runCli(['--seed', '7', '--trace'], cores)).text).toContain(first.text.match(/trace hash \w+/)![0])
})

test('a batch runs seeds from the first on until the time is up', async () => {
  const seeds: number[] = []
  const { code, last } = await runCli(['--seed', '5', '--seconds', '1'], seed => {
    seeds.push(seed)
    return made(seed)
  })
  expect(code).toBe(0)
  expect(seeds.slice(0, 6)).toEqual([5, 5, 6, 6, 7, 7])
  expect(last).toMatch(/ 0 violations$/)
})

test('a violation is explained, with the line that repeats it', async () => {
  const failure = { step: 12, invariant: 'log-matching', message: 'n1 has another log' }
  const { text, code, last } = await runCli(['--seconds', '1'], (seed, print) => {
    for (let i = 1; i <= 40; i++) print?.(`  event ${i}`)
    return made(seed, seed === 2 ? { failure } : {})
  })
  expect(code).toBe(1)
  expect(text).toContain('VIOLATION of log-matching: seed 2, step 12\n  n1 has another log\n')
  expect(text).toContain('  event 11\n')
  expect(text).not.toContain('  event 10\n')
  expect(text).toContain('again: npm run sim -- --seed 2 --trace\n')
  expect(last).toMatch(/ 1 violation$/)
})

test('a seed that does not do the same twice is a violation', async () => {
  let runs = 0
  const { text, code } = await runCli(['--seed', '1'], seed => made(seed, { hash: `${runs++}` }))
  expect(code).toBe(1)
  expect(text).toContain('determinism')
})

test('a batch that has not seen everything proves nothing', async () => {
  const coverage = new Coverage()
  coverage.saw('crash')
  const { last, code } = await runCli(['--seconds', '1'], seed => made(seed, { coverage }))
  expect(code).toBe(1)
  expect(last).toContain('never saw: leader change, committed write')
  expect(last).not.toContain('0 violations')
})
