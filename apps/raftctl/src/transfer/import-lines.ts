import type { KvClient, Operation } from 'kv-client'
import { Failure } from '../command/failure.ts'

/** At most so much in one write: a fraction of what a server takes, so that others have their turn. */
const batchKeys = 256
const batchBytes = 512 * 1024

type Put = Operation & { readonly op: 'put' }
export type Batch = { readonly puts: readonly Put[]; readonly bytes: number; readonly lastLine: number }

/** Lines end with a line feed alone. Node's readline ends them at U+2028 and U+2029 as well, which JSON leaves as they are within a text. */
export async function* linesIn(chunks: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let line = ''
  for await (const chunk of chunks) {
    const [end = '', ...more] = chunk.split('\n')
    line += end
    for (const next of more) {
      yield line
      line = next
    }
  }
  if (line !== '') yield line
}

/** Lines of `kv export`, as batches of writes. @throws Failure with the number of the line that is wrong. */
export async function* batchesIn(lines: AsyncIterable<string>, prefix = ''): AsyncGenerator<Batch, void, undefined> {
  let puts: Put[] = []
  let [bytes, lastLine] = [0, 0]
  for await (const line of lines) {
    lastLine++
    const size = Buffer.byteLength(line) + 1
    if (puts.length > 0 && (puts.length === batchKeys || bytes + size > batchBytes)) {
      yield { puts, bytes, lastLine: lastLine - 1 }
      puts = []
      bytes = 0
    }
    bytes += size
    if (line.trim() !== '') puts.push(putOf(line, lastLine, prefix))
  }
  if (puts.length > 0) yield { puts, bytes, lastLine }
}

/** All of a batch or nothing of it. Sent under a key by which the cluster knows it, so that it can be sent again. */
export async function write(client: KvClient, { puts }: Batch): Promise<void> {
  await client.txn({ success: puts }, { idempotencyKey: crypto.randomUUID() })
}

function putOf(line: string, number: number, prefix: string): Put {
  const item = parsed(line)
  const key = fieldOf(item, 'key')
  const value = fieldOf(item, 'value')
  if (key === undefined || value === undefined) {
    throw new Failure(`line ${number} is not {"key":…,"value":…}, as "kv export" writes it: mend it, or take it out`)
  }
  // With a prefix it is decoded here, and Node's decoder leaves out what is not base64: that would be another key.
  if (prefix !== '' && key.keyBase64 !== undefined && !isBase64(key.keyBase64)) {
    throw new Failure(`line ${number}: keyBase64 is not base64: mend it, or take the line out`)
  }
  return { op: 'put', ...withPrefix(key, prefix), ...value } as Put
}

type Fields = Readonly<Record<string, string>>

function fieldOf(item: Readonly<Record<string, unknown>>, name: 'key' | 'value'): Fields | undefined {
  const [text, base64] = [item[name], item[`${name}Base64`]]
  if (typeof text === 'string' && base64 === undefined) return { [name]: text }
  return typeof base64 === 'string' && text === undefined ? { [`${name}Base64`]: base64 } : undefined
}

/** With padding or without, as the server takes it. */
function isBase64(text: string): boolean {
  return /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/.test(text)
}

function withPrefix(key: Fields, prefix: string): Fields {
  if (prefix === '') return key
  if (key.key !== undefined) return { key: prefix + key.key }
  return { keyBase64: Buffer.concat([Buffer.from(prefix), Buffer.from(key.keyBase64 ?? '', 'base64')]).toString('base64') }
}

function parsed(line: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
