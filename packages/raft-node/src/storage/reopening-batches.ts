import type { Clock, Timer } from '../ports.ts'
import type { Batches } from './batches.ts'
import { isDiskFull } from './disk-full.ts'

const againMs = 250

type Reopening = {
  readonly batches: Batches
  readonly clock: Clock
  /** Before each try: what can be given up to make room. */
  readonly makeRoom?: (() => Promise<void>) | undefined
}

/**
 * A database that outlives a full disk. LevelDB takes no write any more once one, or a table that it made by itself, has found no room: it
 * has to be opened again. That is what a new process would do, and as safe: nobody has heard of the write that failed, all before it are in
 * LevelDB's log, whose contents opening writes into a new, synced table, and what is found is held against what must be there. So writes wait
 * until there is room, as on a disk that hangs, and are made once more. Any other failure is handed on.
 */
export class ReopeningBatches implements Batches {
  /** Asked after each time that it was opened once more: throws where it does not hold what it must. */
  check: () => Promise<void> = async () => {}
  readonly #inner: Batches
  readonly #clock: Clock
  readonly #makeRoom: () => Promise<void>
  #reopening: Promise<void> | undefined
  #isClosing = false
  #timer: Timer | undefined
  #wake = () => {}

  constructor({ batches, clock, makeRoom = async () => {} }: Reopening) {
    this.#inner = batches
    this.#clock = clock
    this.#makeRoom = makeRoom
  }

  open(): ReturnType<Batches['open']> {
    return this.#inner.open()
  }
  reset(): ReturnType<Batches['reset']> {
    return this.#inner.reset()
  }
  read(range: Parameters<Batches['read']>[0]): ReturnType<Batches['read']> {
    return this.#inner.read(range)
  }
  write(batch: Parameters<Batches['write']>[0]): Promise<void> {
    return this.#lasting(() => this.#inner.write(batch))
  }
  removeRange(range: Parameters<Batches['removeRange']>[0]): Promise<void> {
    return this.#lasting(() => this.#inner.removeRange(range))
  }

  /** What waits for room fails: nobody is there any more to wait for it. */
  stopWaiting(): void {
    this.#isClosing = true
    this.#timer?.cancel()
    this.#wake()
  }

  close(): Promise<void> {
    this.stopWaiting()
    return this.#inner.close()
  }

  async #lasting(step: () => Promise<void>): Promise<void> {
    for (;;) {
      await this.#reopening
      try {
        return await step()
      } catch (error) {
        if (!isDiskFull(error)) throw error
        this.#reopening ??= this.#reopen(error).finally(() => {
          this.#reopening = undefined
        })
      }
    }
  }

  async #reopen(error: unknown): Promise<void> {
    for (let reason = error; ; ) {
      await this.#pause()
      if (this.#isClosing) throw reason
      try {
        await this.#inner.close()
        await this.#makeRoom()
        await this.#inner.open()
        return await this.check()
      } catch (again) {
        if (!isDiskFull(again)) throw again
        reason = again
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
      if (this.#isClosing) resolve()
      else this.#timer = this.#clock.after(againMs, resolve)
    })
  }
}
