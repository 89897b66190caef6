/** Plain data as YAML 1.2. Texts are JSON strings (which YAML contains) unless they are plain words. */
export function stringify(value: unknown): string {
  return lines(value).join('\n')
}

function lines(value: unknown): string[] {
  if (Array.isArray(value)) return value.length === 0 ? ['[]'] : value.flatMap(item => hang('-', lines(item)))
  if (value === null || typeof value !== 'object') return [scalar(value)]
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return entries.length === 0 ? ['{}'] : entries.flatMap(([key, inner]) => entry(scalar(key), inner))
}

function entry(key: string, value: unknown): string[] {
  const inner = lines(value)
  const nested = value !== null && typeof value === 'object' && Object.keys(value).length > 0
  return nested ? [`${key}:`, ...inner.map(line => `  ${line}`)] : [`${key}: ${inner[0]}`]
}

const hang = (mark: string, inner: readonly string[]): string[] => inner.map((line, at) => `${at === 0 ? mark : ' '} ${line}`)

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value) ?? 'null'
  return /^[A-Za-z_][\w./-]*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value) ? value : JSON.stringify(value)
}
