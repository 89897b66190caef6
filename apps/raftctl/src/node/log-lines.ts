const levels = new Map<unknown, string>([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'WARN'],
  [50, 'ERROR'],
  [60, 'FATAL'],
])

/** On every line of a process the same, so worth nothing to a reader. */
const dull = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'v'])

/** A JSON log line as a short one for people: `12:03:04.567 info  leads  term=2`. Anything else stays as it is. */
export function prettyLine(json: string): string {
  const record = parse(json)
  if (record === undefined) return json
  const time = new Date(Number(record.get('time') ?? 0)).toISOString().slice(11, 23)
  const level = (levels.get(record.get('level')) ?? String(record.get('level') ?? '')).padEnd(5)
  const details = [...record].filter(([key]) => !dull.has(key)).map(([key, value]) => `${key}=${detail(value)}`)
  return [`${time} ${level} ${String(record.get('msg') ?? '')}`, ...details].join('  ')
}

function parse(json: string): Map<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return value !== null && typeof value === 'object' ? new Map(Object.entries(value)) : undefined
  } catch {
    return undefined
  }
}

/** Errors lose their stack: it is there with --log-format json, for whoever needs it. */
function detail(value: unknown): string {
  if (value !== null && typeof value === 'object') {
    if ('message' in value && typeof value.message === 'string') return JSON.stringify(value.message)
    return JSON.stringify(value)
  }
  const text = String(value)
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)
}
