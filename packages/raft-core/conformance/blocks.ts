/** One step of a transcript: a directive, and what it must print. */
export type Block = {
  /** Where the block starts in its file, from 1. */
  readonly line: number
  /** The directive as written, with its input lines. */
  readonly source: readonly string[]
  readonly name: string
  /** Everything after the name, as written. */
  readonly words: readonly string[]
  /** The words that are not `key=value`. */
  readonly args: readonly string[]
  readonly options: ReadonlyMap<string, string>
  readonly input: readonly string[]
  /** Undefined where the block has no `----`. */
  readonly expected: readonly string[] | undefined
}

const separator = '----'

/** Blocks stand apart by blank lines; a line `----` stands between directive and output; lines with `#` above a directive are comments. */
export function parseBlocks(text: string): Block[] {
  return paragraphs(text).flatMap(({ line, lines }) => {
    const comments = lines.findIndex(each => !each.startsWith('#'))
    return comments < 0 ? [] : [parseBlock(line + comments, lines.slice(comments))]
  })
}

function parseBlock(line: number, lines: readonly string[]): Block {
  const end = lines.indexOf(separator)
  const source = end < 0 ? lines : lines.slice(0, end)
  const [name = '', ...words] = source[0]?.match(/[^\s=()]+=\([^)]*\)|\S+/g) ?? []
  return {
    line,
    source,
    name,
    words,
    args: words.filter(word => !word.includes('=')),
    options: new Map(words.filter(word => word.includes('=')).map(option)),
    input: source.slice(1),
    expected: end < 0 ? undefined : lines.slice(end + 1),
  }
}

function option(word: string): [string, string] {
  const at = word.indexOf('=')
  return [word.slice(0, at), word.slice(at + 1)]
}

/** `(1, 2)` and `1` alike. */
export function parseList(value: string): string[] {
  const inner = value.replace(/^\(|\)$/g, '')
  return inner.split(/[\s,]+/).filter(item => item !== '')
}

function paragraphs(text: string): { line: number; lines: string[] }[] {
  const found: { line: number; lines: string[] }[] = []
  let open = false
  for (const [at, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd()
    if (line === '') open = false
    else if (open) found.at(-1)?.lines.push(line)
    else {
      found.push({ line: at + 1, lines: [line] })
      open = true
    }
  }
  return found
}
