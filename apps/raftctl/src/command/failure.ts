import { KvError } from 'kv-client'
import { exitCodes } from './exit-codes.ts'

/** An error this program raises itself: its message is complete, and ends with what to do. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: number

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message)
    this.exitCode = exitCode
  }
}

/** Any error as the one line a person reads, and the code a script reads. */
export function failureOf(error: unknown, commandLine: string): Failure {
  if (error instanceof Failure) return new Failure(asThrown(error.message), error.exitCode)
  if (!(error instanceof Error)) return new Failure(oneLine(String(error)))
  return usageFailure(error, commandLine) ?? new Failure(withAdvice(oneLine(textOf(error)), error), exitCodeOf(error))
}

/** A flag's own error passes through oclif's parser, which writes around it. */
function asThrown(message: string): string {
  return message.replace(/^Parsing --\S+ \n\t/, '').replace(/\nSee more help with --help$/, '')
}

/** What the cluster has against a node has a name that help, documentation and search engines know. */
const named = new Set(['WIPED_MEMBER', 'OLD_FOLDER', 'OTHER_CLUSTER', 'NOT_A_MEMBER'])

/** By its fields and not by its class: loading raft-node takes longer than most commands do. */
function textOf(error: Error): string {
  const text = error.message || error.name
  const code = 'code' in error && typeof error.code === 'string' && named.has(error.code) ? error.code : ''
  return text.includes(code) ? text : `${code}: ${text}`
}

/** What to try, where neither the cluster nor its client, which know no command line, can say it. */
const advice: Readonly<Record<string, string>> = {
  UNREACHABLE: 'start a node there, or name others with --endpoints',
  NO_LEADER: 'try again in some seconds; "cluster doctor" says more',
  UNAUTHORIZED: 'give --token, RAFTCTL_TOKEN or a context that has one',
  FORBIDDEN: 'give a token that has it',
}

function withAdvice(text: string, error: Error): string {
  if (!(error instanceof KvError)) return text
  if (error.outcome === 'unknown') return `${text}; it may have happened: read before writing again`
  const more = error.code === 'TIMED_OUT' ? 'try again, or wait longer with --timeout' : advice[error.code]
  return more === undefined ? text : `${text}; ${more}`
}

function exitCodeOf(error: Error): number {
  if (!(error instanceof KvError)) return exitCodes.failed
  if (error.code === 'LOCK_BUSY' || error.code === 'PRECONDITION_FAILED') return exitCodes.conditionFailed
  if (error.code === 'LEASE_LOST' || error.code === 'ABORTED') return exitCodes.failed
  if (error.status === 404) return exitCodes.notFound
  if (error.code === 'INVALID_ARGUMENT') return exitCodes.usage
  if (error.outcome === 'unknown') return exitCodes.outcomeUnknown
  return error.status === undefined || error.status >= 500 ? exitCodes.unavailable : exitCodes.failed
}

/** oclif's parser errors span several lines and name no command; its classes are not exported, so their names must do. */
function usageFailure(error: Error, commandLine: string): Failure | undefined {
  if (!('parse' in error) && !('oclif' in error)) return undefined
  const usage = (message: string) => new Failure(message, exitCodes.usage)
  const names = 'flags' in error && Array.isArray(error.flags) ? error.flags.join(', ') : ''
  const help = `"${commandLine} --help" shows what there is`
  switch (error.constructor.name) {
    case 'NonExistentFlagsError':
      return usage(`unknown flag ${names}; ${help} (an argument that starts with a dash goes after --)`)
    case 'RequiredArgsError':
      return usage(`${missing(error)}; ${help}`)
    case 'UnexpectedArgsError':
      return usage(`${oneLine(firstLine(error.message)).replace(/^U/, 'u')}; ${help}`)
    default:
      return usage(`${reason(error.message)}; ${help}`)
  }
}

function missing(error: Error): string {
  const args = 'args' in error && Array.isArray(error.args) ? error.args : []
  return `missing ${args.map(({ name, description }) => `${String(name).toUpperCase()}, ${description}`).join(', and ')}`
}

/** Only what is wrong, without oclif's heading and its hint. */
function reason(message: string): string {
  const text = message.replace(/^The following errors? occurred:/, '').replace(/See more help with --help$/, '')
  return oneLine(text.replaceAll('Missing required flag ', 'missing --')).replace(/^Parsing (--\S+) E/, '$1: e')
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').trim()
