import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { outputOf } from '../child.ts'
import type { HeapFigure } from './heap.ts'
import type { Operation } from './operations.ts'
import type { LoadSample } from './sample.ts'

const program = fileURLToPath(new URL('./sample.ts', import.meta.url))
const raftCore = dirname(fileURLToPath(import.meta.resolve('raft-core/package.json')))

/** How the core that is measured was made. */
export type Rendition = 'dist' | 'sources'

/** What users get, if it is there and no source has changed since. */
export function rendition(): Rendition {
  const built = statSync(join(raftCore, 'dist/tsconfig.tsbuildinfo'), { throwIfNoEntry: false })
  return built !== undefined && built.mtimeMs >= newest(join(raftCore, 'src')) ? 'dist' : 'sources'
}

function newest(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return Math.max(...files.map(file => statSync(join(folder, file)).mtimeMs))
}

/** Our core, each time in a fresh process. */
export class Ours {
  readonly rendition: Rendition

  constructor(rendition: Rendition) {
    this.rendition = rendition
  }

  load(name: string, warmUp: number, seconds: number): Promise<LoadSample> {
    return this.#sample(['load', name, String(warmUp), String(seconds)], warmUp + seconds)
  }
  heap(millions: number): Promise<HeapFigure[]> {
    return this.#sample(['heap', String(millions)], 60 * millions, '--expose-gc')
  }
  operations(seconds: number): Promise<Operation[]> {
    return this.#sample(['operations', String(seconds)], 60 * seconds)
  }

  async #sample<T>(args: readonly string[], seconds: number, ...flags: readonly string[]): Promise<T> {
    const sources = this.rendition === 'sources' ? ['--conditions=raft-source'] : []
    const command = { file: process.execPath, args: [...flags, ...sources, '--import', 'tsx', program, ...args], cwd: dirname(program) }
    return JSON.parse(await outputOf(command, seconds + 60))
  }
}
