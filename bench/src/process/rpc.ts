import { type ChildProcess, fork } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import type { Watched } from './watch.ts'

type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string }
type Call = { readonly id: number; readonly method: string; readonly args: readonly unknown[] }
type Methods = Readonly<Record<string, (...args: never[]) => unknown>>

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A program of this benchmark in a process of its own, which answers calls. It runs the packages as they are built. */
export class Remote {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  readonly #ended: Promise<void>
  #calls = 0
  #complaints = ''

  /** `serves`: what the child may ask of this process in turn. */
  constructor(program: string, serves: Methods = {}) {
    // Not the conditions of this process: they would put the sources in place of what is built.
    this.#child = fork(program, [], { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
    running.add(this.#child)
    this.#child.stderr?.setEncoding('utf8').on('data', text => (this.#complaints = (this.#complaints + text).slice(-4_096)))
    this.#child.on('message', message => {
      if ('method' in (message as object)) void answer(this.#child, message as Call, serves)
      else this.#settle(message as Answer)
    })
    this.#ended = new Promise(resolve => this.#child.once('exit', () => resolve()))
    void this.#ended.then(() => {
      running.delete(this.#child)
      for (const { reject } of this.#waiting.values()) reject(new Error(`a process of the benchmark has ended: ${this.#complaints.trim()}`))
    })
  }

  call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const id = ++this.#calls
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: value => resolve(value as T), reject })
      this.#child.send({ id, method, args } satisfies Call)
    })
  }

  /** It stands for another machine: where all share a few cores, it takes none from those that are measured. */
  beModest(): void {
    if (this.#child.pid !== undefined) setPriority(this.#child.pid, constants.priority.PRIORITY_LOW)
  }

  watched(name: string): Watched {
    return { name, pid: this.#child.pid ?? 0 }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  #settle({ id, value, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(value)
    else waiting?.reject(new Error(error))
  }
}

/** In the child: answers the parent's calls; the function that it returns calls the parent. */
export function serveParent(methods: Methods): (method: string, ...args: readonly unknown[]) => Promise<unknown> {
  const waiting = new Map<number, (answer: Answer) => void>()
  let calls = 0
  process.on('message', message => {
    if ('method' in (message as object)) void answer(process, message as Call, methods)
    else waiting.get((message as Answer).id)?.(message as Answer)
  })
  return (method, ...args) =>
    new Promise((resolve, reject) => {
      const id = ++calls
      waiting.set(id, ({ value, error }) => (error === undefined ? resolve(value) : reject(new Error(error))))
      process.send?.({ id, method, args } satisfies Call)
    })
}

async function answer(to: Pick<NodeJS.Process, 'send'> | ChildProcess, { id, method, args }: Call, methods: Methods): Promise<void> {
  const run = methods[method] as ((...args: readonly unknown[]) => unknown) | undefined
  try {
    if (run === undefined) throw new Error(`nothing is called ${method}`)
    to.send?.({ id, value: await run(...args) } satisfies Answer)
  } catch (error) {
    to.send?.({ id, error: error instanceof Error ? error.message : String(error) } satisfies Answer)
  }
}
