// Makes load with autocannon, in a process of its own: autocannon-child.ts LOAD-AS-JSON. Prints a LoadResult as its last line.
import autocannon from 'autocannon'
import { Latencies } from './latencies.ts'
import { defaultKeys, defaultValueBytes, keyName, type Load, type LoadResult } from './load.ts'

const load = JSON.parse(process.argv[2] ?? '{}') as Load
const latencies = new Latencies()
let failed = 0

// Its own figures are whole milliseconds.
const instance = autocannon(
  { url: load.url, connections: load.connections, duration: load.seconds, timeout: 10, requests: requestsOf(load) },
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

function requestsOf({ kind, keys = defaultKeys, valueBytes = defaultValueBytes, query = '' }: Load) {
  const value = 'v'.repeat(valueBytes)
  return Array.from({ length: keys }, (_, at) => {
    const key = keyName(at)
    if (kind === 'get') return { method: 'GET', path: `/key/${key}${query}` }
    return { method: 'POST', path: '/key', body: JSON.stringify({ [key]: value }), headers: { 'Content-Type': 'application/json' } }
  })
}
