// Commands of raftctl, and what is expected of all of them.
import { strict as assert } from 'node:assert'
import type { Ended, Process } from './processes.ts'
import { type Ran, raftctl, spawnRaftctl } from './raftctl.ts'
import { eventually } from './wait.ts'

/** Runs commands against one endpoint. `words` may be given as a line, split at spaces. */
export class Commands {
  readonly #env: NodeJS.ProcessEnv

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
  }

  run(words: string | readonly string[], input?: string): Promise<Ran> {
    return raftctl(split(words), this.#env, input)
  }

  /** Ends well and prints this, with nothing on stderr. */
  async prints(words: string | readonly string[], stdout: RegExp | string, input?: string): Promise<string> {
    const ran = await this.run(words, input)
    assert.equal(ran.code, 0, `raftctl ${words}: ${ran.stderr}${ran.stdout}`)
    if (typeof stdout === 'string') assert.equal(ran.stdout, stdout, `raftctl ${words}`)
    else assert.match(ran.stdout, stdout, `raftctl ${words}`)
    assert.equal(ran.stderr, '', `raftctl ${words}`)
    return ran.stdout
  }

  /** Ends with this code and one line that says why; whatever goes wrong, no stack trace. */
  async fails(words: string | readonly string[], code: number, stderr: RegExp, input?: string): Promise<void> {
    const ran = await this.run(words, input)
    assert.equal(ran.code, code, `raftctl ${words}: ${ran.stderr}${ran.stdout}`)
    assert.match(ran.stderr, stderr, `raftctl ${words}`)
    assert.match(ran.stderr, /^raftctl: [^\n]+\n$/, `raftctl ${words}: one line`)
  }

  async json(words: string | readonly string[]): Promise<ReturnType<typeof JSON.parse>> {
    return JSON.parse(await this.prints([...split(words), '--output', 'json'], /./))
  }

  /** One that goes on until it is ended. */
  start(words: string | readonly string[]): Running {
    return new Running(spawnRaftctl(split(words), this.#env))
  }
}

export class Running {
  readonly process: Process

  constructor(process: Process) {
    this.process = process
  }

  async says(what: RegExp): Promise<void> {
    await eventually(`it prints ${what}`, () => {
      assert(this.process.running || what.test(this.process.stdout), `it has ended: ${this.process.stderr}`)
      assert.match(this.process.stdout, what)
    })
  }

  /** As Ctrl-C does. */
  async interrupt(): Promise<Ended> {
    this.process.signalGroup('SIGINT')
    return this.process.ended
  }
}

function split(words: string | readonly string[]): readonly string[] {
  return typeof words === 'string' ? words.split(' ') : words
}
