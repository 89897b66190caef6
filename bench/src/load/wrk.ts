import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outputOf } from '../child.ts'
import { Managed } from '../process/managed.ts'
import type { Generator, Load, LoadResult } from './load.ts'
import { type Request, requestsOf } from './requests.ts'

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
  const folder = mkdtempSync(join(tmpdir(), 'raft-bench-wrk-'))
  const [script, requests] = [join(folder, 'load.lua'), join(folder, 'requests')]
  writeFileSync(script, lua)
  writeFileSync(requests, requestsOf(load).map(lineOf).join(''))
  const args = ['-t1', `-c${load.connections}`, `-d${load.seconds}s`, '--timeout', '10s', '-s', script, load.url, '--', requests]
  const process = new Managed('load', { file: 'wrk', args })
  void process.ended.then(() => rmSync(folder, { recursive: true, force: true }))
  return process
}

/** None of them holds a tab or a line break. */
function lineOf({ method, path, body = '' }: Request): string {
  return `${method}\t${path}\t${body}\n`
}

/** Requests are made before the clock starts. Percentiles come from its histogram: its own text rounds them. */
const lua = `local headers = {["Content-Type"] = "application/json"}
local requests = {}
init = function(args)
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^(.-)\\t(.-)\\t(.*)$")
    if body == "" then requests[#requests + 1] = wrk.format(method, path)
    else requests[#requests + 1] = wrk.format(method, path, headers, body) end
  end
end
local at = 0
request = function() at = at % #requests + 1; return requests[at] end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format("wrk-result %d %d %d %f %f %f %f %f\\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(90), latency:percentile(99),
    latency:percentile(99.9), latency.max))
end
`

/** Requests and errors, microseconds in all, then percentiles in microseconds. */
export function readWrk(output: string): LoadResult {
  const line = output.split('\n').find(text => text.startsWith('wrk-result '))
  if (line === undefined) throw new Error('wrk printed no result')
  const [requests, micros, errors, ...percentiles] = line.split(' ').slice(1).map(Number) as [number, number, number, ...number[]]
  const [p50, p90, p99, p999, max] = percentiles.map(value => value / 1000) as [number, number, number, number, number]
  return { perSecond: (requests - errors) / (micros / 1e6), latency: { p50, p90, p99, p999, max }, errors }
}
