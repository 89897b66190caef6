import { goProgram } from '../go-build.ts'
import { defaultKeys, defaultValueBytes, type Generator, type Load } from '../load/load.ts'
import { Managed } from '../process/managed.ts'
import { readGoResult } from './go-result.ts'

/** etcd's own client over gRPC, eight connections for however many callers. */
export async function etcdClient(): Promise<Generator> {
  const file = await goProgram('etcd-client')
  const start = ({ url, kind, connections, seconds, keys = defaultKeys, valueBytes = defaultValueBytes }: Load) => {
    const options = { ep: new URL(url).host, c: connections, sec: seconds, op: kind, keys, vs: valueBytes }
    return new Managed('load', { file, args: Object.entries(options).flatMap(([name, value]) => [`-${name}`, String(value)]) })
  }
  return { name: 'etcd-client', start, read: output => readGoResult(output.trim().split('\n').at(-1) ?? '') }
}
