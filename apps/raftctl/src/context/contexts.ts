import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'

/** Whom to ask, and as whom. What is absent is as without a context. */
export type Context = {
  readonly endpoints?: readonly string[]
  readonly token?: string
  readonly cacert?: string
  readonly cert?: string
  readonly key?: string
  /** Milliseconds. */
  readonly timeout?: number
}

export type Contexts = { readonly current: string | null; readonly contexts: Readonly<Record<string, Context>> }

const none: Contexts = { current: null, contexts: {} }

/** `RAFTCTL_CONFIG`, or the usual place for a program's settings. */
export function contextsFile(env: NodeJS.ProcessEnv = process.env): string {
  if (env.RAFTCTL_CONFIG) return env.RAFTCTL_CONFIG
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'raftctl', 'contexts.json')
}

/** @throws Failure if the file is there and holds something else. */
export async function readContexts(file = contextsFile()): Promise<Contexts> {
  const text = await readFile(file, 'utf8').catch(error => {
    if (error?.code === 'ENOENT') return undefined
    throw new Failure(
      `${file} cannot be read (${error?.code ?? error}); it holds the contexts: mend it, or set RAFTCTL_CONFIG to another file`,
    )
  })
  return text === undefined ? none : contextsIn(text, file)
}

/** Through a file beside it, so that a crash leaves the old one or the new one. Only its owner may read it: tokens are in it. */
export async function writeContexts(contexts: Contexts, file = contextsFile()): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const temporary = `${file}.${process.pid}`
    await writeFile(temporary, `${JSON.stringify(contexts, undefined, 2)}\n`, { mode: 0o600 })
    await rename(temporary, file)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : String(error)
    throw new Failure(`${file} cannot be written (${reason}); make its folder writable, or set RAFTCTL_CONFIG to another file`)
  }
}

/** @throws Failure that names those there are. */
export function contextNamed({ contexts }: Contexts, name: string): Context {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined
  if (found !== undefined) return found
  const names = Object.keys(contexts)
  const known = names.length === 0 ? 'there is none yet' : `there are ${names.join(', ')}`
  throw new Failure(
    `there is no context "${name}": ${known}; make one with: raftctl context set ${name} --endpoints HOST:PORT`,
    exitCodes.usage,
  )
}

function contextsIn(text: string, file: string): Contexts {
  try {
    const { current = null, contexts } = JSON.parse(text) as Partial<Contexts>
    if (isNamed(contexts) && (current === null || typeof current === 'string')) return { current, contexts }
  } catch {
    // said below
  }
  throw new Failure(`${file} does not hold contexts as raftctl writes them; mend it, or remove it and set the contexts anew`)
}

function isNamed(value: unknown): value is Contexts['contexts'] {
  return typeof value === 'object' && value !== null && Object.values(value).every(one => typeof one === 'object' && one !== null)
}
