import { type Bytes, percentEncoded } from './bytes.ts'

/** `?a=1&b=2`, of what is given; nothing if nothing is. */
export function queryOf(parameters: Readonly<Record<string, Bytes | number | boolean | undefined>>): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${shown(value, name)}`]))
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function shown(value: Bytes | number | boolean, name: string): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : percentEncoded(value, name)
}
