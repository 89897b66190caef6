/** A stop takes at most this long, whatever hangs: supervisors, and people who press Ctrl-C, expect it. */
const stopMsMax = 1_800

type Server = { close(): Promise<void> }

/**
 * Stops the process once, at the first SIGTERM, SIGINT or SIGHUP, or when the parent that shares an IPC channel dies (so `npm start`
 * leaves no node behind, even killed). Later signals change nothing: the stop under way hands leadership over and answers what is open.
 */
export class Stopper {
  #onHangUp: (() => void) | undefined
  readonly #program: string
  #server: Promise<Server> | undefined
  #stopping = false

  constructor(program: string) {
    this.#program = program
  }

  /** From now on SIGHUP does this, and stops nothing. */
  onHangUp(run: () => void): void {
    this.#onHangUp = run
  }

  /** Before the server starts, so that a signal during a long join is not lost. */
  listen(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => this.#stop(0))
    process.on('SIGHUP', () => (this.#onHangUp === undefined ? this.#stop(0) : this.#onHangUp()))
    if (process.channel !== undefined) process.once('disconnect', () => this.#stop(0))
  }

  watch(server: Promise<Server>): void {
    this.#server = server
  }

  get stopping(): boolean {
    return this.#stopping
  }

  /** The node has met what it cannot go on with. */
  fail(message: string): void {
    process.stderr.write(`${this.#program}: the node has stopped: ${message}\n`)
    this.#stop(1)
  }

  #stop(exitCode: number): void {
    if (this.#stopping) return
    this.#stopping = true
    // Nothing acknowledged is lost by an exit without a clean close, so running out of time does not change the exit code.
    setTimeout(() => process.exit(exitCode), stopMsMax)
    void this.#close().then(() => process.exit(exitCode))
  }

  async #close(): Promise<void> {
    try {
      const server = await this.#server
      await server?.close()
    } catch (error) {
      process.stderr.write(`${this.#program}: closing: ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
}
