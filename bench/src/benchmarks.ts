import type { Benchmark } from './benchmark.ts'
import { core } from './core/benchmark.ts'
import { http } from './http/benchmark.ts'

export const benchmarks: Readonly<Record<string, Benchmark>> = { core, http }
