// Makes load with autocannon, in a process of its own: autocannon-child.ts LOAD-AS-JSON. Prints a LoadResult as its last line.
import autocannon from 'autocannon'
import { Latencies } from './latencies.ts'
import type { Load, LoadResult } from './load.ts'
import { requestsOf } from './requests.ts'

const load = JSON.parse(process.argv[2] ?? '{}') as Load
const latencies = new Latencies()
let failed = 0

const headers = { 'Content-Type': 'application/json' }
const requests = requestsOf(load).map(({ body, ...request }) => (body === undefined ? request : { ...request, body, headers }))

// Its own figures are whole milliseconds.
const instance = autocannon(
  { url: load.url, connections: load.connections, duration: load.seconds, timeout: 10, requests },
  (error, { errors, duration }) => {
    if (error !== null) throw error
    const result: LoadResult = { perSecond: latencies.count / duration, latency: latencies.summary(), errors: failed + errors }
    console.log(JSON.stringify(result))
  },
)
instance.on('response', (_client: unknown, status: number, _bytes: number, ms: number) => {
  if (status >= 200 && status < 300) latencies.record(ms)
  else failed += 1
})
