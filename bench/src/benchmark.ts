import type { Figure, Plot } from './figure.ts'
import type { Machine } from './machine.ts'
import type { Progress } from './progress.ts'

/** One name on the command line. */
export type Benchmark = {
  /** One line for --help. */
  readonly about: string
  /** Part of another: left out where everything is asked for. */
  readonly isPart?: boolean
  readonly run: (settings: Settings) => Promise<Outcome>
}

export type Settings = {
  /** Fewer and shorter samples: a look, not a figure to quote. */
  readonly quick: boolean
  /** One of all: what takes rounds takes a single one, so that all together take no longer than people wait. */
  readonly everything: boolean
  /** How often, where the benchmark leaves that open. */
  readonly times?: number | undefined
  /** How long, where the benchmark leaves that open. */
  readonly minutes?: number | undefined
  /** Another server to compare with. */
  readonly url?: string | undefined
  readonly machine: Machine
  readonly progress: Progress
}

export type Outcome = {
  /** For people. */
  readonly text: string
  /** Every sample, for `results/NAME.json`. */
  readonly data: unknown
  /** What two reports are compared by, and what is plotted. */
  readonly figures?: readonly Figure[]
  readonly plots?: readonly Plot[]
  /** Ours to theirs: a row of heads, then one for each load. */
  readonly ratios?: readonly (readonly string[])[]
}
