const ending = '.wal'
const pattern = /^\d{16}\.wal$/

/** Padded, so that the order of the names is the order of the segments. */
export function segmentName(number: number): string {
  return `${String(number).padStart(16, '0')}${ending}`
}
/** What a damaged log held, for people to look at: nobody reads these names. The first few times. */
export const keptPrefixes = ['.damaged-1-', '.damaged-2-', '.damaged-3-'] as const

/** Undefined for what is no segment. */
export function segmentNumber(name: string): number | undefined {
  return pattern.test(name) ? Number(name.slice(0, -ending.length)) : undefined
}
