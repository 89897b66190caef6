import { readFileSync } from 'node:fs'
import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'

/** What is known of a flag: whether it takes a value, and by which other names and variable it can be given. */
export type FlagShape = {
  readonly type: 'boolean' | 'option'
  readonly env?: string | undefined
  readonly char?: string | undefined
  readonly aliases?: readonly string[] | undefined
  readonly multiple?: boolean | undefined
}
type Flags = Readonly<Record<string, FlagShape>>
type Environment = Readonly<Record<string, string | undefined>>

/** Settings of a file: those that count as words of a command line, all of them by name, and the folder. */
export type FileSettings = { readonly words: readonly string[]; readonly names: ReadonlySet<string>; readonly dir: string | undefined }

const nothing: FileSettings = { words: [], names: new Set(), dir: undefined }
/** These say what to do, not how the node is to be. */
const notInFiles = ['config', 'print-config', 'replace']

/**
 * The settings of the file that `--config` or RAFT_CONFIG names, as far as neither the command line nor the environment has them: as words
 * that come before those of the command line, so that one parser reads and checks all of them.
 * @throws Failure
 */
export function settingsOfFile(argv: readonly string[], env: Environment, flags: Flags): FileSettings {
  const file = configFile(argv, env)
  if (file === undefined) return nothing
  const { dir, ...settings } = contentsOf(file)
  if (dir !== undefined && typeof dir !== 'string') throw wrong(file, 'dir is not a string')
  const unknown = Object.keys(settings).find(name => !Object.hasOwn(flags, name) || notInFiles.includes(name))
  if (unknown !== undefined) throw wrong(file, `there is no setting ${JSON.stringify(unknown)}: they are named as the flags are`)
  const weaker = Object.entries(settings).filter(([name]) => !isGiven(name, flags[name] as FlagShape, argv, env))
  const words = weaker.flatMap(([name, value]) => wordsOf(file, name, value, flags[name] as FlagShape))
  return { words, names: new Set(weaker.map(([name]) => name)), dir }
}

/** Where a value comes from. */
export function sourceOf(name: string, shape: FlagShape, argv: readonly string[], env: Environment, file: FileSettings): string {
  if (isOnCommandLine(name, shape, argv)) return 'flag'
  if (isInEnvironment(shape, env)) return 'environment'
  return file.names.has(name) ? 'file' : 'default'
}

function configFile(argv: readonly string[], env: Environment): string | undefined {
  const at = argv.findIndex(word => word === '--config' || word.startsWith('--config='))
  const word = argv[at]
  if (word === undefined) return env.RAFT_CONFIG || undefined
  return word === '--config' ? argv[at + 1] : word.slice('--config='.length)
}

function isGiven(name: string, shape: FlagShape, argv: readonly string[], env: Environment): boolean {
  return isOnCommandLine(name, shape, argv) || isInEnvironment(shape, env)
}

function isOnCommandLine(name: string, { aliases = [], char }: FlagShape, argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  const words = end < 0 ? argv : argv.slice(0, end)
  const long = [name, ...aliases].some(one => words.some(word => word === `--${one}` || word.startsWith(`--${one}=`)))
  return long || (char !== undefined && words.some(word => new RegExp(`^-${char}`).test(word)))
}

function isInEnvironment({ env: variable }: FlagShape, env: Environment): boolean {
  return variable !== undefined && env[variable] !== undefined && env[variable] !== ''
}

function contentsOf(file: string): Readonly<Record<string, unknown>> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw wrong(file, `it cannot be read (${(error as NodeJS.ErrnoException).code}): name a file that this user may read`)
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>
  } catch (error) {
    throw wrong(file, `it is not JSON: ${(error as Error).message}`)
  }
  throw wrong(file, 'it is not an object: write settings as {"http":"localhost:8180"}')
}

function wordsOf(file: string, name: string, value: unknown, { type, multiple = false }: FlagShape): string[] {
  if (type === 'boolean') {
    if (typeof value !== 'boolean') throw wrong(file, `${name} is neither true nor false`)
    return value ? [`--${name}`] : []
  }
  const values = multiple && Array.isArray(value) ? value : [value]
  return values.map(one => {
    if (typeof one !== 'string' && typeof one !== 'number') throw wrong(file, `${name} is neither text nor a number`)
    return `--${name}=${one}`
  })
}

function wrong(file: string, message: string): Failure {
  return new Failure(`${file}: ${message}`, exitCodes.usage)
}
