import { strict as assert } from 'node:assert'
import { rm } from 'node:fs/promises'
import { ask } from './http.ts'
import type { Ended, Process } from './processes.ts'
import { spawnRaftctl } from './raftctl.ts'
import { eventually } from './wait.ts'

export type NodeSettings = {
  readonly id: string
  readonly dir: string
  readonly http: string
  readonly raft: string
  /** Flags it gets at every start. */
  readonly flags: readonly string[]
}

/** A node of a scenario: the settings stay over restarts, the process is the newest one. */
export class TestNode {
  readonly settings: NodeSettings
  #process: Process | undefined

  constructor(settings: NodeSettings) {
    this.settings = settings
  }

  get http(): string {
    return this.settings.http
  }

  get raft(): string {
    return this.settings.raft
  }

  get process(): Process {
    assert(this.#process !== undefined, `${this.settings.id} was never started`)
    return this.#process
  }

  get running(): boolean {
    return this.#process?.running ?? false
  }

  /** The words after `raftctl`. */
  command(extra: readonly string[] = []): string[] {
    const { id, dir, http, raft, flags } = this.settings
    return ['node', 'start', '--id', id, '--http', http, '--raft', raft, ...flags, ...extra, dir]
  }

  /** Resolves once the node answers; it may still be without a leader. */
  async start(extra: readonly string[] = []): Promise<void> {
    await this.spawn(extra)
    await this.listening()
  }

  spawn(extra: readonly string[] = []): void {
    this.#process = spawnRaftctl(this.command(extra))
  }

  async listening(): Promise<void> {
    await this.#until('/livez')
  }

  async ready(): Promise<void> {
    await this.#until('/readyz')
  }

  async kill(): Promise<void> {
    await this.process.kill()
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.process.signal(signal)
    return this.process.ended
  }

  async wipe(): Promise<void> {
    await rm(this.settings.dir, { recursive: true, force: true })
  }

  #until(path: string): Promise<void> {
    const child = this.process
    return eventually(`${this.settings.id} answers ${path}`, async () => {
      if (!child.running) return // said below: waiting longer helps nobody
      assert.equal((await ask('GET', this.http, path, { timeoutMs: 1_000 })).status, 200)
    }).then(() => assert(child.running, `${this.settings.id} has ended: ${child.stderr.trim().split('\n').at(-1)}`))
  }
}
