import { msText } from '../output/units.ts'
import type { Measured } from './load.ts'

export const sizes = { s: 150, m: 1_000, l: 8_000, xl: 15_000 } as const
export type Size = keyof typeof sizes

type Criterion = { readonly name: string; readonly passed: boolean; readonly found: string; readonly wanted: string }
export type PerfReport = Measured & {
  readonly load: Size
  readonly rate: number
  readonly passed: boolean
  readonly criteria: readonly Criterion[]
}

/** What etcd asks for: nine tenths of the load, nothing that takes half a second, and little spread. */
export function judged(measured: Measured, load: Size): PerfReport {
  const { perSecond, failed, latencyMs } = measured
  const rate = sizes[load]
  const criteria: readonly Criterion[] = [
    { name: 'throughput', passed: perSecond >= 0.9 * rate, found: `${Math.round(perSecond)} writes/s`, wanted: `at least ${0.9 * rate}` },
    { name: 'slowest', passed: latencyMs.max < 500, found: msText(latencyMs.max), wanted: 'below 500 ms' },
    { name: 'spread', passed: latencyMs.stddev < 100, found: msText(latencyMs.stddev), wanted: 'a standard deviation below 100 ms' },
    { name: 'failures', passed: failed === 0, found: String(failed), wanted: 'none' },
  ]
  return { ...measured, load, rate, passed: criteria.every(({ passed }) => passed), criteria }
}

export function verdictText({ criteria, passed, load }: PerfReport): string {
  const lines = criteria.map(
    ({ name, passed: isGood, found, wanted }) => `${isGood ? 'PASS' : 'FAIL'}  ${name.padEnd(10)}  ${found} (${wanted})`,
  )
  const advice = passed ? '' : '\n      → raftctl cluster doctor looks at the disks; a load that this machine cannot make fails as well'
  return `${lines.join('\n')}\n${passed ? 'PASS' : 'FAIL'}  load ${load}${advice}`
}
