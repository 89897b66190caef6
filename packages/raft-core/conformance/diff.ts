/** How many equal lines to show around a difference. */
const context = 3

type Edit = { readonly mark: ' ' | '-' | '+'; readonly line: string }

/** The lines of both, `-` only expected, `+` only printed; long stretches of equal lines left out. */
export function diff(expected: readonly string[], actual: readonly string[]): string[] {
  const edits = compare(expected, actual)
  const near = (at: number) => edits.slice(Math.max(0, at - context), at + context + 1).some(edit => edit.mark !== ' ')
  const lines: string[] = []
  for (const [at, { mark, line }] of edits.entries()) {
    if (near(at)) lines.push(`${mark} ${line}`)
    else if (lines.at(-1) !== '  …') lines.push('  …')
  }
  return lines
}

/** By the longest common subsequence. */
function compare(expected: readonly string[], actual: readonly string[]): Edit[] {
  const lengths = commonLengths(expected, actual)
  const edits: Edit[] = []
  let e = 0
  let a = 0
  while (e < expected.length || a < actual.length) {
    const [line, other] = [expected[e], actual[a]]
    if (line !== undefined && line === other) {
      edits.push({ mark: ' ', line })
      e++
      a++
    } else if (line !== undefined && (other === undefined || at(lengths, e + 1, a) >= at(lengths, e, a + 1))) {
      edits.push({ mark: '-', line })
      e++
    } else if (other !== undefined) {
      edits.push({ mark: '+', line: other })
      a++
    }
  }
  return edits
}

/** For every pair of places, how many lines the rests have in common. */
function commonLengths(expected: readonly string[], actual: readonly string[]): Uint32Array[] {
  const rows = Array.from({ length: expected.length + 1 }, () => new Uint32Array(actual.length + 1))
  for (let e = expected.length - 1; e >= 0; e--) {
    for (let a = actual.length - 1; a >= 0; a--) {
      const row = rows[e] as Uint32Array
      row[a] = expected[e] === actual[a] ? at(rows, e + 1, a + 1) + 1 : Math.max(at(rows, e + 1, a), at(rows, e, a + 1))
    }
  }
  return rows
}

function at(rows: readonly Uint32Array[], row: number, column: number): number {
  return rows[row]?.[column] ?? 0
}
