import { outputOf } from '../child.ts'
import { goProgram, goVersion } from '../go-build.ts'
import type { Load } from './loads.ts'
import type { LoadSample } from './sample.ts'

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
    const go = await goVersion()
    return new Etcd(await goProgram('eraft36'), go)
  }

  async load({ entries, together }: Load, processors: number, warmUp: number, seconds: number): Promise<LoadSample> {
    const args = ['-b', String(entries), '-warm', String(warmUp), '-sec', String(seconds), ...(together ? ['-multi'] : [])]
    const command = { file: this.#program, args, env: { GOMAXPROCS: String(processors) } }
    return JSON.parse(await outputOf(command, warmUp + seconds + 60))
  }
}
