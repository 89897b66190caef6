import { table } from '../output/table.ts'
import type { Context, Contexts } from './contexts.ts'

/** A context as it may be shown: that it has a token, and not which. */
export type ShownContext = Omit<Context, 'token'> & { readonly name: string; readonly current: boolean; readonly token: 'set' | 'none' }

export function shownContext({ current, contexts }: Contexts, name: string): ShownContext {
  const { token, ...rest } = contexts[name] ?? {}
  return { name, current: name === current, ...rest, token: token === undefined ? 'none' : 'set' }
}

export function contextTable(shown: readonly ShownContext[]): string {
  const rows = shown.map(({ name, current, endpoints = [], token, cacert, cert }) => [
    current ? '*' : '',
    name,
    endpoints.join(','),
    token,
    cacert ?? '-',
    cert ?? '-',
  ])
  return table(['', 'NAME', 'ENDPOINTS', 'TOKEN', 'CA', 'CERTIFICATE'], rows)
}
