import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { figureOf } from '../src/figure.ts'
import { autocannon } from '../src/load/autocannon.ts'
import { Latencies } from '../src/load/latencies.ts'
import { measure } from '../src/load/load.ts'
import { findWrk, readWrk } from '../src/load/wrk.ts'
import { Watch } from '../src/process/watch.ts'
import { figuresTable } from '../src/report/figures-table.ts'

test('what wrk prints: failed requests are not counted as work done', () => {
  const output = 'Running 2s test\nwrk-result 1100 2000000 100 500.000000 900.000000 1500.000000 2000.000000 2500.000000\n'
  expect(readWrk(output)).toEqual({ perSecond: 500, latency: { p50: 0.5, p90: 0.9, p99: 1.5, p999: 2, max: 2.5 }, errors: 100 })
  expect(() => readWrk('unable to connect')).toThrow('no result')
})

test('percentiles to the microsecond', () => {
  const latencies = new Latencies()
  expect(latencies.summary()).toEqual({ p50: 0, p90: 0, p99: 0, p999: 0, max: 0 })
  for (let ms = 1; ms <= 100; ms++) latencies.record(ms / 10)
  const { p50, p99, max } = latencies.summary()
  for (const [value, expected] of [
    [p50, 5],
    [p99, 9.9],
    [max, 10],
  ] as const)
    expect(Math.abs(value - expected)).toBeLessThan(0.02)
})

test('every generator counts what a server answers, and what it refuses', async () => {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    response.statusCode = request.method === 'GET' ? 404 : 200
    request.resume().on('end', () => response.end())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    for (const generator of [autocannon, (await findWrk()) ?? autocannon]) {
      asked = 0
      const good = await measure(generator, { url, kind: 'put', connections: 2, seconds: 1, keys: 10 }, [])
      expect(good.errors).toBe(0)
      expect(good.perSecond).toBeGreaterThan(0)
      expect(good.latency.p50).toBeGreaterThan(0)
      expect(asked).toBeGreaterThan(0)
      const bad = await measure(generator, { url, kind: 'get', connections: 2, seconds: 1, keys: 10 }, [])
      expect(bad).toMatchObject({ perSecond: 0 })
      expect(bad.errors).toBeGreaterThan(0)
    }
  } finally {
    server.close()
    server.closeAllConnections()
  }
})

test.runIf(process.platform === 'linux')('a process counts with what it used, also when it is over', async () => {
  const watch = new Watch([])
  const child = spawn(process.execPath, ['-e', 'const end = Date.now() + 400; while (Date.now() < end);'])
  watch.add({ name: 'busy', pid: child.pid ?? 0 }, { fresh: true })
  await new Promise(resolve => child.once('exit', resolve))
  const { cores, memoryMB } = watch.end()
  expect(cores.busy).toBeGreaterThan(0)
  expect(memoryMB.busy).toBeGreaterThan(1)
})

test('a table of figures shows spreads, errors and cores', () => {
  const latency = { p50: 1, p90: 2, p99: 3, p999: 4, max: 5 }
  const run = (perSecond: number) => ({ perSecond, latency, errors: 0, cores: { leader: 0.5 }, memoryMB: {}, foreignCores: 0.1 })
  const figure = figureOf({ name: 'puts', series: 'puts', at: 1 }, [run(1000), run(3000), run(2000)])
  const [head, row] = figuresTable([figure]).split('\n')
  expect(head).toMatch(/per second.*p99 ms.*errors.*leader cores.*others/)
  expect(row).toMatch(/2,000 \(1,000–3,000\).*3\.00.*0\.50.*0\.10/)
})
