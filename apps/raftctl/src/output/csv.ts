/** RFC 4180 with a header line: columns are named, so that a later version may add some. */
export function csv(rows: readonly object[]): string {
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))]
  const lines = rows.map(row => {
    const cells = new Map(Object.entries(row))
    return csvLine(columns.map(column => cells.get(column)))
  })
  return [csvLine(columns), ...lines].join('\n')
}

export function csvLine(cells: readonly unknown[]): string {
  return cells.map(quoted).join(',')
}

function quoted(value: unknown): string {
  const text = value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
