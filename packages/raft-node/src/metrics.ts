/** One number of a family, with the labels that tell it from the others. */
export type MetricSample = { readonly labels: Readonly<Record<string, string>>; readonly value: number; readonly suffix: string }
export type MetricFamily = {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly samples: readonly MetricSample[]
}

/** Only goes up. */
export class Counter {
  value = 0
  add(count = 1): void {
    this.value += count
  }
}

/** How often a value was at most each of some bounds, ascending. */
export class Histogram {
  readonly bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    let at = 0
    while (at < this.bounds.length && value > (this.bounds[at] as number)) at++
    this.#counts[at] = (this.#counts[at] as number) + 1
    this.#sum += value
  }

  /** As Prometheus wants them: each bucket with all below it. */
  samples(): MetricSample[] {
    let count = 0
    const buckets = this.#counts.map((each, at) => {
      count += each
      return { labels: { le: at < this.bounds.length ? String(this.bounds[at]) : '+Inf' }, value: count, suffix: '_bucket' }
    })
    return [...buckets, { labels: {}, value: this.#sum, suffix: '_sum' }, { labels: {}, value: count, suffix: '_count' }]
  }
}

type Source = Omit<MetricFamily, 'samples'> & { samples(): readonly MetricSample[] }

/** What a node can be watched by. Numbers are counted as they come, and put together only when somebody asks. */
export class MetricsRegistry {
  readonly #sources = new Map<string, Source>()

  /** @throws Error where the name is taken. */
  counter(name: string, help: string): Counter {
    const counter = new Counter()
    this.#add({ name, type: 'counter', help, samples: () => [{ labels: {}, value: counter.value, suffix: '' }] })
    return counter
  }

  /** `read` is called when somebody asks; undefined: there is no such number at the moment. @throws Error where the name is taken. */
  gauge(name: string, help: string, read: () => number | undefined): void {
    const samples = () => {
      const value = read()
      return value === undefined ? [] : [{ labels: {}, value, suffix: '' }]
    }
    this.#add({ name, type: 'gauge', help, samples })
  }

  /** @throws Error where the name is taken. */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram {
    const histogram = new Histogram(bounds)
    this.#add({ name, type: 'histogram', help, samples: () => histogram.samples() })
    return histogram
  }

  /** Everything as it is now. Never waits. */
  collect(): readonly MetricFamily[] {
    return [...this.#sources.values()].map(source => ({ ...source, samples: source.samples() }))
  }

  /** The same in Prometheus' text format 0.0.4. */
  prometheus(): string {
    const lines: string[] = []
    for (const { name, type, help, samples } of this.collect()) {
      if (samples.length === 0) continue
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
      for (const { labels, value, suffix } of samples) lines.push(`${name}${suffix}${labelText(labels)} ${value}`)
    }
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`
  }

  #add(source: Source): void {
    if (this.#sources.has(source.name)) throw new Error(`there is a metric ${source.name} already`)
    this.#sources.set(source.name, source)
  }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
