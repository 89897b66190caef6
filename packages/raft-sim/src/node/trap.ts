import crypto from 'node:crypto'
import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

type Named = Record<string, unknown>

/** Time, chance and the outside world, by every name under which code gets at them. */
const forbidden: readonly (readonly [what: string, holder: object, names: readonly string[]])[] = [
  ['Date', Date, ['now']],
  ['performance', performance, ['now']],
  ['Math', Math, ['random']],
  ['a timer:', globalThis, ['setTimeout', 'setInterval', 'setImmediate']],
  ['crypto', globalThis.crypto, ['getRandomValues', 'randomUUID']],
  ['crypto', crypto, ['randomBytes', 'randomInt', 'randomUUID', 'randomFillSync']],
  ['fs', fs, ['open', 'openSync', 'readFileSync', 'writeFileSync']],
  ['fs', fsPromises, ['open', 'readFile', 'writeFile', 'mkdir', 'readdir', 'rename', 'rm']],
  ['net', net, ['connect', 'createConnection', 'createServer']],
]

/** Who may go on using them meanwhile: Node itself, and the tools that run these tests. */
const bystanders = /\(?node:|node_modules[/\\](?:@?vitest|vite|tsx|esbuild|tinypool|birpc|@vitest)[/\\]/

/**
 * While a world is simulated, code that asks for real time, chance, timers, sockets or files gets an exception instead: it would make
 * the same seed do something else the next time. Returns what takes the trap away again.
 */
export function setTrap(caught: (error: Error) => void): () => void {
  const undo: (() => void)[] = []
  const replace = (holder: object, name: string, value: unknown) => {
    const before = Object.getOwnPropertyDescriptor(holder, name)
    Object.defineProperty(holder, name, { value, configurable: true, writable: true })
    undo.push(() => {
      if (before === undefined) delete (holder as Named)[name]
      else Object.defineProperty(holder, name, before)
    })
  }
  const refuse = (what: string) => {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 20
    const error = new Error(`${what} was used in a simulated world: use the ports`)
    Error.stackTraceLimit = stackTraceLimit
    if (isBystander(error.stack)) return
    caught(error)
    throw error
  }
  for (const [what, holder, names] of forbidden) {
    for (const name of names) {
      const real = (holder as Named)[name] as (...args: unknown[]) => unknown
      if (typeof real !== 'function') continue
      replace(holder, name, function (this: unknown, ...args: unknown[]) {
        refuse(`${what} ${name}`)
        return real.apply(this === undefined ? holder : this, args)
      })
    }
  }
  replace(globalThis, 'Date', trappedDate(refuse))
  syncBuiltinESMExports()
  return () => {
    for (const restore of undo.reverse()) restore()
    syncBuiltinESMExports()
  }
}

function trappedDate(refuse: (what: string) => void): DateConstructor {
  return new Proxy(Date, {
    construct(target, args: readonly unknown[], newTarget) {
      if (args.length === 0) refuse('new Date')
      return Reflect.construct(target, args, newTarget) as Date
    },
    apply(target) {
      refuse('Date')
      return target()
    },
  })
}

/** The frame that called, behind those of the trap. */
function isBystander(stack: string | undefined): boolean {
  const frames = (stack ?? '').split('\n').slice(1)
  const caller = frames.find(
    frame => !/[/\\]raft-sim[/\\](?:src|dist)[/\\]node[/\\]trap\./.test(frame) && !frame.includes('Object.construct'),
  )
  return caller === undefined || bystanders.test(caller)
}
