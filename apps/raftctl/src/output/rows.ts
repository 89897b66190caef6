import { csvLine } from './csv.ts'
import { pick } from './field.ts'
import type { Format } from './render.ts'
import { aligned } from './table.ts'
import { stringify as yaml } from './yaml.ts'

export type Columns<Row> = readonly (readonly [heading: string, cell: (row: Row) => string])[]

export type RowView<Row> = {
  readonly columns: Columns<Row>
  /** The fields of csv, in this order. */
  readonly fields: readonly (keyof Row & string)[]
}

type Options = {
  readonly output: Format
  readonly field?: string | undefined
  /** `list` ends, and is one document of JSON or YAML; of a `stream` each row is one. */
  readonly kind: 'list' | 'stream'
  readonly write?: (text: string) => void
}

/** Prints rows as they come, so that a long list never sits in memory. With a field: that field of each row, a line each. */
export class RowPrinter<Row extends object> {
  readonly #view: RowView<Row>
  readonly #options: Options
  readonly #write: (text: string) => void
  #widths: readonly number[] = []
  #count = 0

  constructor(view: RowView<Row>, options: Options) {
    this.#view = view
    this.#options = options
    this.#write = options.write ?? (text => void process.stdout.write(text))
  }

  print(rows: readonly Row[]): void {
    if (rows.length === 0) return
    this.#write(this.#text(rows))
    this.#count += rows.length
  }

  /** What a document still lacks. A list of nothing is a document, too. */
  end(): void {
    const { output, field, kind } = this.#options
    if (field !== undefined || kind === 'stream') return
    if (output === 'json') this.#write(this.#count === 0 ? '[]\n' : '\n]\n')
    else if (output === 'yaml' && this.#count === 0) this.#write('[]\n')
    else if (output === 'csv' && this.#count === 0) this.#write(`${csvLine(this.#view.fields)}\n`)
  }

  #text(rows: readonly Row[]): string {
    const { output, field, kind } = this.#options
    if (field !== undefined) return rows.map(row => `${plain(pick(row, field), output)}\n`).join('')
    switch (output) {
      case 'table':
        return this.#table(rows)
      case 'csv':
        return this.#csv(rows)
      case 'yaml':
        return kind === 'stream' ? rows.map(row => `---\n${yaml(row)}\n`).join('') : `${yaml(rows)}\n`
      case 'json':
        return kind === 'stream' ? rows.map(row => `${JSON.stringify(row)}\n`).join('') : this.#array(rows)
    }
  }

  #array(rows: readonly Row[]): string {
    return rows.map((row, at) => `${this.#count + at === 0 ? '[' : ','}\n  ${JSON.stringify(row)}`).join('')
  }

  #csv(rows: readonly Row[]): string {
    const { fields } = this.#view
    const head = this.#count === 0 ? [csvLine(fields)] : []
    return [...head, ...rows.map(row => csvLine(fields.map(field => row[field])))].map(line => `${line}\n`).join('')
  }

  /** As wide as the first rows need; later ones may widen it. */
  #table(rows: readonly Row[]): string {
    const { columns } = this.#view
    const cells = rows.map(row => columns.map(([, cell]) => cell(row)))
    const all = this.#count === 0 ? [columns.map(([heading]) => heading), ...cells] : cells
    this.#widths = columns.map((_, at) => Math.max(this.#widths[at] ?? 0, ...all.map(line => line[at]?.length ?? 0)))
    return all.map(line => `${aligned(line, this.#widths)}\n`).join('')
  }
}

function plain(value: unknown, output: Format): string {
  if (output === 'json') return JSON.stringify(value ?? null)
  return value !== null && typeof value === 'object' ? JSON.stringify(value) : String(value ?? '')
}
