import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outputOf } from '../child.ts'
import { Managed } from '../process/managed.ts'
import { defaultKeys, defaultValueBytes, type Generator, type Load, type LoadResult } from './load.ts'

/** wrk: one thread of C, so that nearly all of the machine is the servers'. Undefined where it is not installed. */
export async function findWrk(): Promise<Generator | undefined> {
  try {
    await outputOf({ file: 'wrk', args: ['--version'] }, 10)
  } catch (error) {
    // It says its version and then that it was not used properly.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
  }
  return { name: 'wrk', start, read: readWrk }
}

function start(load: Load): Managed {
  const script = join(mkdtempSync(join(tmpdir(), 'raft-bench-wrk-')), 'load.lua')
  writeFileSync(script, scriptFor(load))
  const args = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '10s', '-s', script, load.url]
  return new Managed('load', { file: 'wrk', args })
}

/** Requests are made before the clock starts. Percentiles come from its histogram: its own text rounds them. */
function scriptFor({ kind, keys = defaultKeys, valueBytes = defaultValueBytes, query = '' }: Load): string {
  const request =
    kind === 'put'
      ? `wrk.format("POST", "/key", headers, string.format('{"%s":"%s"}', key, string.rep("v", ${valueBytes})))`
      : `wrk.format("GET", "/key/" .. key .. "${query}")`
  return `local headers = {["Content-Type"] = "application/json"}
local requests = {}
init = function()
  for i = 1, ${keys} do local key = string.format("key%08d", i - 1); requests[i] = ${request} end
end
local at = math.random(${keys})
request = function() at = at % ${keys} + 1; return requests[at] end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("wrk-result %d %d %d %f %f %f %f %f\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(90), latency:percentile(99),
    latency:percentile(99.9), latency.max))
end
`
}

/** Requests and errors, microseconds in all, then percentiles in microseconds. */
export function readWrk(output: string): LoadResult {
  const line = output.split('\n').find(text => text.startsWith('wrk-result '))
  if (line === undefined) throw new Error('wrk printed no result')
  const [requests, micros, errors, ...percentiles] = line.split(' ').slice(1).map(Number) as [number, number, number, ...number[]]
  const [p50, p90, p99, p999, max] = percentiles.map(value => value / 1000) as [number, number, number, number, number]
  return { perSecond: (requests - errors) / (micros / 1e6), latency: { p50, p90, p99, p999, max }, errors }
}
