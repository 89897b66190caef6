import { Failure } from '../command/failure.ts'
import type { NodeFlags } from './run.ts'

const generic = /raftctl node join --replace .*$/

/**
 * The cluster's refusal of an empty folder names the command that helps, with gaps where only this side knows what belongs there.
 * Here they are filled in, so that the line can be pasted.
 */
export function withReplaceCommand(error: unknown, flags: NodeFlags, program: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'WIPED_MEMBER' || !generic.test(error.message)) return error
  return new Failure(`WIPED_MEMBER: ${error.message.replace(generic, () => replaceCommand(flags, program))}`)
}

function replaceCommand({ id, http, raft, join = [], dir }: NodeFlags, program: string): string {
  const words = ['node', 'join', '--replace', ...option('--id', id), '--http', http, ...option('--raft', raft)]
  return [program, ...[...words, ...join.flatMap(address => ['--join', address]), dir].map(quoted)].join(' ')
}

const option = (name: string, value: string | undefined): string[] => (value === undefined ? [] : [name, value])

/** For a shell: only a folder can have anything unusual in it. */
const quoted = (word: string): string => (/^[\w@%+=:,./~[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
