/** Rows under headings, as wide as needed; columns of numbers stand to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = headings.map((heading, at) => {
    const cells = rows.map(row => row[at] ?? '')
    return {
      width: Math.max(heading.length, ...cells.map(cell => cell.length)),
      right: cells.every(cell => /^[\d,.?-]*( ?(ms|s|[kMGT]?i?B|%))?$/.test(cell)),
    }
  })
  const line = (cells: readonly string[]) =>
    columns
      .map(({ width, right }, at) => (right ? (cells[at] ?? '').padStart(width) : (cells[at] ?? '').padEnd(width)))
      .join('  ')
      .trimEnd()
  return [line(headings), ...rows.map(line)].join('\n')
}

/** One line of a table whose widths are known. */
export function aligned(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, at) => cell.padEnd(widths[at] ?? 0))
    .join('  ')
    .trimEnd()
}
