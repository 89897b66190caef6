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
  minSeeds = 1,
  healthy?: () => RunResult,
): Promise<{ readonly text: string; readonly last: string; readonly code: number }> {
  let text = ''
  let now = 0
  const terminal = {
    write: (more: string) => (text += more),
    isInteractive: false,
    nowMs: () => (now += 100),
    cpuMs: () => (now += 100),
    revision: () => 'abc123',
  }
  const simulated = { run, command: 'npm run sim --', mustSee, minSeeds, ...(healthy && { healthy }) }
  const code = await runSimulation(parseArguments(args), simulated, { ...terminal, write: more => void terminal.write(more) })
  return { text, last: text.trimEnd().split('\n').at(-1)!, code }
}

/** A run that was not simulated: it has seen all there is to see. */
function made(seed: number, over: Partial<RunResult> = {}): RunResult {
  const coverage = new Coverage()
  for (const mark of required) coverage.saw(mark)
  return { seed, nodes: 5, events: 10, simulatedMs: 1000, hash: `hash ${seed}`, coverage, faults: [], failure: undefined, ...over }
}

const plain = { seed: undefined, seconds: undefined, trace: false, twice: false, simpler: { without: [] } }

test.each([
  [
    ['--twice', '--without', 'crash,pause', '--events', '9'],
    { ...plain, twice: true, simpler: { without: ['crash', 'pause'], events: 9 } },
  ],
  [['--seed', '7'], { ...plain, seed: 7 }],
  [['--seconds=20', '--seed=3', '--trace'], { ...plain, seed: 3, seconds: 20, trace: true }],
  [[], plain],
])('arguments %j', (args, options) => {
  expect(parseArguments(args)).toEqual(options)
})

test.each([
  [['--sed', '7'], /unknown argument --sed/],
  [['--seed'], /--seed needs a number/],
  [['--seed', '1.5'], /integer/],
  [['--without', '--trace'], /names of faults/],
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
  const { code, last } = await runCli(['--seed', '5', '--seconds', '2'], seed => {
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
  expect(text).toContain('VIOLATION of log-matching: seed 2, step 12, commit abc123\n  n1 has another log\n')
  expect(text).toContain('  event 11\n')
  expect(text).not.toContain('  event 10\n')
  expect(text).toContain('again: npm run sim -- --seed 2 --trace\n')
  expect(last).toMatch(/ 1 violation$/)
})

test('a failure is made as simple as possible: only what it needs goes wrong, and no longer than it takes', async () => {
  const faults = ['crash', 'lossRate', 'partition', 'pause', 'skew']
  const { text } = await runCli(['--seed', '3'], (seed, _print, { without, events = 1000 } = { without: [] }) => {
    const on = faults.filter(name => !without.includes(name))
    const breaks = on.includes('crash') && on.includes('pause') && events >= 77
    return made(seed, { faults: on, ...(breaks && { failure: { step: events, invariant: 'one-vote', message: 'n1 votes twice' } }) })
  })
  expect(text).toContain('VIOLATION of one-vote: seed 3, step 1000, commit abc123')
  expect(text).toContain('as simple as possible, at step 77, with crash, pause:')
  expect(text).toContain('simplest: npm run sim -- --seed 3 --without lossRate,partition,skew --events 77 --trace\n')
  expect(text).toContain('again: npm run sim -- --seed 3 --trace\n')
})

test('faults are left out by name; a name that is none is refused', async () => {
  const scenarios: string[] = []
  const run: RunSeed = (seed, print, simpler) => {
    const result = simulateCore({ seed, ...simpler, ...(print && { print }) })
    scenarios.push(`${result.faults} ${result.events}`)
    return result
  }
  const all = simulateCore({ seed: 7, events: 300 }).faults
  expect(all.length).toBeGreaterThan(2)
  const without = ['--without', all.join(','), '--events', '300']
  expect((await runCli(['--seed', '7', ...without], run)).code).toBe(0)
  expect(scenarios[0]).toMatch(/^ \d+$/)
  const refused = await runCli(['--seed', '7', '--without', 'flood'], run)
  expect([refused.code, refused.text]).toEqual([2, expect.stringMatching(/no fault is called flood; there are .*crash/)])
})

test('every seed twice', async () => {
  const seeds: number[] = []
  await runCli(['--seconds', '3', '--twice'], seed => {
    seeds.push(seed)
    return made(seed)
  })
  expect(seeds.length).toBeGreaterThan(8)
  expect(seeds.filter((_seed, at) => at % 2 === 0)).toEqual(seeds.filter((_seed, at) => at % 2 === 1))
})

test('a seed that does not do the same twice is a violation', async () => {
  let runs = 0
  const { text, code } = await runCli(['--seed', '1'], seed => made(seed, { hash: `${runs++}` }))
  expect(code).toBe(1)
  expect(text).toContain('determinism')
})

test('a batch is long enough to see everything, however little time it has', async () => {
  const seeds: number[] = []
  const run: RunSeed = seed => {
    seeds.push(seed)
    return made(seed)
  }
  await runCli(['--seconds', '0'], run, [], 9)
  expect(new Set(seeds).size).toBe(9)
})

test('a batch that has not seen everything proves nothing', async () => {
  const coverage = new Coverage()
  coverage.saw('crash')
  const { last, code } = await runCli(['--seconds', '1'], seed => made(seed, { coverage }))
  expect(code).toBe(1)
  expect(last).toContain('never saw: leader change, committed write')
  expect(last).not.toContain('0 violations')
})

test('after a batch a healthy cluster tells its speed, by processor time', async () => {
  const { text, code } = await runCli(
    ['--seconds', '1'],
    seed => made(seed),
    [],
    1,
    () => made(1, { simulatedMs: 3_600_000 }),
  )
  expect(code).toBe(0)
  expect(text).toContain('healthy    5 nodes without faults')
  expect(text).toContain('1.0 h in 0.1 s of processor time: 36000 times faster than real time')
})

test('a healthy cluster that fails makes the batch fail', async () => {
  const failure = { step: 12, invariant: 'log-matching', message: 'n1 has another log' }
  const { text, code } = await runCli(
    ['--seconds', '1'],
    seed => made(seed),
    [],
    1,
    () => made(1, { failure }),
  )
  expect(code).toBe(1)
  expect(text).toContain('VIOLATION of log-matching in a healthy cluster, step 12\n  n1 has another log\n')
})
