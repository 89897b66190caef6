import { committedIndex, voteOutcome } from '../../src/membership/quorum.ts'
import { type Block, parseList } from '../blocks.ts'
import { nodeId } from '../ids.ts'
import type { Directives } from './directive.ts'

const outcomes = { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' } as const

/** The arithmetic of majorities, without any node. */
export const pureQuorumDirectives: Directives = {
  committed: (_world, block, out) => {
    const acknowledged = values(block, 'idx')
    const index = committedIndex(quorums(block), id => known(acknowledged.get(id), Number))
    out.line(index === Number.POSITIVE_INFINITY ? '∞' : String(index))
  },
  vote: (_world, block, out) => {
    const votes = values(block, 'votes')
    out.line(outcomes[voteOutcome(quorums(block), id => known(votes.get(id), vote => vote === 'y'))])
  },
}

function quorums({ options }: Block): { voters: string[]; outgoing: string[] } {
  const second = options.get('cfgj') ?? 'zero'
  return { voters: ids(options.get('cfg') ?? ''), outgoing: second === 'zero' ? [] : ids(second) }
}

function ids(list: string): string[] {
  return parseList(list).map(nodeId)
}

/** The values given, each with its voter: those of the first quorum, then those of the second that are not in the first. */
function values(block: Block, option: string): Map<string, string> {
  const { voters, outgoing } = quorums(block)
  const given = parseList(block.options.get(option) ?? '')
  const all = [...new Set([...voters, ...outgoing])]
  return new Map(all.map((id, at) => [id, given[at] ?? '_']))
}

function known<T>(value: string | undefined, read: (value: string) => T): T | undefined {
  return value === undefined || value === '_' ? undefined : read(value)
}
