import { defaultKeys, defaultValueBytes, type Load } from './load.ts'

export type Request = { readonly method: 'GET' | 'POST'; readonly path: string; readonly body: string | undefined }

/** What a load asks, key by key, over and over. */
export function requestsOf(load: Omit<Load, 'connections' | 'seconds'>): Request[] {
  const value = 'v'.repeat(load.valueBytes ?? defaultValueBytes)
  return Array.from({ length: load.keys ?? defaultKeys }, (_, at) => apis[load.api ?? 'workshop'](load, keyName(at), value))
}

/** The whole request, as it goes over the wire. */
export function bytesOf({ method, path, body }: Request, host: string): Buffer {
  const head = `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n`
  if (body === undefined) return Buffer.from(`${head}\r\n`)
  return Buffer.from(`${head}Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
}

type Api = (load: Pick<Load, 'kind' | 'query'>, key: string, value: string) => Request

const apis: Readonly<Record<NonNullable<Load['api']>, Api>> = {
  workshop: ({ kind, query = '' }, key, value) =>
    kind === 'get'
      ? { method: 'GET', path: `/key/${key}${query}`, body: undefined }
      : { method: 'POST', path: '/key', body: JSON.stringify({ [key]: value }) },
  etcd: ({ kind }, key, value) =>
    kind === 'get'
      ? { method: 'POST', path: '/v3/kv/range', body: JSON.stringify({ key: base64(key) }) }
      : { method: 'POST', path: '/v3/kv/put', body: JSON.stringify({ key: base64(key), value: base64(value) }) },
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function keyName(at: number): string {
  return `key${String(at).padStart(8, '0')}`
}
