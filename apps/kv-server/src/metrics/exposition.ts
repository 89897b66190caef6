type Labels = Readonly<Record<string, string | number>>

/** Writes metrics as Prometheus reads them: text format 0.0.4. */
export class Exposition {
  readonly #lines: string[] = []

  gauge(name: string, help: string, value: number | undefined): this {
    return value === undefined ? this : this.family(name, 'gauge', help, [[{}, value]])
  }

  counter(name: string, help: string, value: number): this {
    return this.family(name, 'counter', help, [[{}, value]])
  }

  /** Several of one name. `suffix` for the parts of a histogram. */
  family(
    name: string,
    type: 'gauge' | 'counter' | 'histogram',
    help: string,
    samples: Iterable<readonly [labels: Labels, value: number, suffix?: string]>,
  ): this {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const [labels, value, suffix = ''] of samples) this.#lines.push(`${name}${suffix}${labelText(labels)} ${value}`)
    return this
  }

  /** Lines that somebody else has written, in the same format and of other names. */
  include(lines: string): this {
    if (lines !== '') this.#lines.push(lines.trimEnd())
    return this
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`
  }
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
}
