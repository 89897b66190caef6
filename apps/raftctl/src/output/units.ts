const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `1.5 MiB` */
export function bytesText(bytes: number): string {
  let [value, at] = [bytes, 0]
  while (value >= 1024 && at < units.length - 1) [value, at] = [value / 1024, at + 1]
  return `${at === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[at]}`
}

/** `1.2 ms`, `340 ms`, `12 s`, `90 min`, `36 h` */
export function msText(ms: number): string {
  if (ms >= 10 * 3_600_000) return `${Math.round(ms / 3_600_000)} h`
  if (ms >= 10 * 60_000) return `${Math.round(ms / 60_000)} min`
  if (ms >= 1_000) return `${ms >= 10_000 ? Math.round(ms / 1_000) : Number((ms / 1_000).toPrecision(2))} s`
  return `${ms >= 100 ? Math.round(ms) : Number(ms.toPrecision(2))} ms`
}

export function count(value: number, what: string): string {
  return `${value} ${what}${value === 1 ? '' : 's'}`
}
