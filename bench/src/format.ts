import type { Spread } from './statistics.ts'

export function formatSpread({ median, min, max }: Spread, format: (value: number) => string): string {
  return `${format(median)} (${format(min)}–${format(max)})`
}

/** 1 connection, 2 connections */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}

/** 1234567.8 → 1,234,568 */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

export function decimals(digits: number): (value: number) => string {
  return value => value.toFixed(digits)
}

/** The first column reads from the left, figures from the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length)
  return rows.map(row => row.map((cell, i) => pad(cell, widths[i]!, i > 0)).join('   ')).join('\n')
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width)
}
