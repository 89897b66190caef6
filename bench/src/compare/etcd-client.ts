import { goProgram } from '../go-build.ts'
import { defaultKeys, defaultValueBytes, type Generator, type Load, type LoadResult } from '../load/load.ts'
import { Managed } from '../process/managed.ts'

/** etcd's own client over gRPC, eight connections for however many callers. */
export async function etcdClient(): Promise<Generator> {
  const file = await goProgram('etcd-client')
  const start = ({ url, kind, connections, seconds, keys = defaultKeys, valueBytes = defaultValueBytes }: Load) => {
    const options = { ep: new URL(url).host, c: connections, sec: seconds, op: kind, keys, vs: valueBytes }
    return new Managed('load', { file, args: Object.entries(options).flatMap(([name, value]) => [`-${name}`, String(value)]) })
  }
  return { name: 'etcd-client', start, read }
}

function read(output: string): LoadResult {
  const { ops_s, p50_ms, p90_ms, p99_ms, p999_ms, max_ms, errs } = JSON.parse(output.trim().split('\n').at(-1) ?? '')
  return { perSecond: ops_s, errors: errs, latency: { p50: p50_ms, p90: p90_ms, p99: p99_ms, p999: p999_ms, max: max_ms } }
}
