// Makes load with autocannon, in a process of its own: autocannon-child.ts LOAD-AS-JSON. Prints a LoadResult as its last line.
import autocannon from 'autocannon'
import { Latencies } from './latencies.ts'
import type { Load, LoadResult } from './load.ts'
import { requestsOf } from './requests.ts'

const load = JSON.parse(process.argv[2] ?? '{}') as Load
const latencies = new Latencies()
let failed = 0

/**
 * It makes the requests of all connections, some milliseconds for each, before it hears of the first answer: how late that is tells nothing
 * of the server. So it is measured from when each connection has been answered once.
 */
const rampSeconds = 1 + Math.ceil(load.connections / 50)
const duration = rampSeconds + load.seconds
const answered = new Set<unknown>()
let begun = 0
let last = 0

const headers = { 'Content-Type': 'application/json' }
const requests = requestsOf(load).map(({ body, ...request }) => (body === undefined ? request : { ...request, body, headers }))

// Its own figures are whole milliseconds.
const instance = autocannon(
  // Its timers do not see every answer of a busy connection: within the run they would end some that go on well.
  { url: load.url, connections: load.connections, duration, timeout: duration + 10, requests },
  (error, { errors }) => {
    if (error !== null) throw error
    if (begun === 0) throw new Error(`only ${answered.size} of ${load.connections} connections were answered at all`)
    const result: LoadResult = {
      perSecond: latencies.count / ((last - begun) / 1_000),
      latency: latencies.summary(),
      errors: failed + errors,
    }
    console.log(JSON.stringify(result))
  },
)
instance.on('response', (client: unknown, status: number, _bytes: number, ms: number) => {
  const isSuccess = status >= 200 && status < 300
  if (begun === 0) {
    if (!isSuccess) failed += 1
    answered.add(client)
    if (answered.size === load.connections) begun = performance.now()
    return
  }
  if (performance.now() - begun > 1_000 * load.seconds) return
  last = performance.now()
  if (isSuccess) latencies.record(ms)
  else failed += 1
})
