import type { Benchmark } from './benchmark.ts'
import { compare } from './compare/benchmark.ts'
import { core } from './core/benchmark.ts'
import { failover } from './failover/benchmark.ts'
import { http } from './http/benchmark.ts'
import { node } from './node/benchmark.ts'
import { reads } from './reads/benchmark.ts'
import { recovery } from './recovery/benchmark.ts'
import { catchUp } from './recovery/catch-up.ts'
import { sizes } from './sizes/benchmark.ts'
import { steady } from './steady/benchmark.ts'
import { stores } from './stores/benchmark.ts'

export const benchmarks: Readonly<Record<string, Benchmark>> = {
  core,
  stores,
  node,
  http,
  reads,
  sizes,
  failover,
  steady,
  recovery,
  'catch-up': catchUp,
  compare,
}
