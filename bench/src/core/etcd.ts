import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { outputOf } from '../child.ts'
import type { Load } from './loads.ts'
import type { LoadSample } from './sample.ts'

const source = fileURLToPath(new URL('../../peers/eraft36', import.meta.url))
const cache = fileURLToPath(new URL('../../../node_modules/.cache/raft-bench', import.meta.url))
// The Go that is there, not one that it fetches.
const env = { GOTOOLCHAIN: 'local' }

/** etcd's RawNode, built from its Go module and our small program around it. */
export class Etcd {
  readonly go: string
  readonly #program: string

  private constructor(program: string, go: string) {
    this.#program = program
    this.go = go
  }

  /** Rejects with one line of why not. */
  static async build(): Promise<Etcd> {
    const go = await outputOf({ file: 'go', args: ['env', 'GOVERSION'], env }, 30).catch(error => {
      throw error.code === 'ENOENT' ? new Error('Go is not installed') : error
    })
    mkdirSync(cache, { recursive: true })
    const program = join(cache, process.platform === 'win32' ? 'eraft36.exe' : 'eraft36')
    await outputOf({ file: 'go', args: ['build', '-o', program, '.'], cwd: source, env }, 300).catch(error => {
      throw new Error(`go build failed: ${error.message}`)
    })
    return new Etcd(program, go.trim())
  }

  async load({ entries, together }: Load, processors: number, warmUp: number, seconds: number): Promise<LoadSample> {
    const args = ['-b', String(entries), '-warm', String(warmUp), '-sec', String(seconds), ...(together ? ['-multi'] : [])]
    const command = { file: this.#program, args, env: { GOMAXPROCS: String(processors) } }
    return JSON.parse(await outputOf(command, warmUp + seconds + 60))
  }
}
