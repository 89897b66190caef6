import type { Message, NodeId } from 'raft-core'
import type { Invariant } from './invariant.ts'
import { Violation } from './invariant.ts'

/** Whoever has lost what it acknowledged could otherwise help to elect a leader, or to commit, without what was acknowledged. */
export const repair: Invariant = {
  name: 'repair',
  section: '3.13',
  paper: '§5.4.1, §5.4.3',
  statement:
    'A node whose log is being filled again neither votes nor campaigns, and says so in every answer; such an answer commits nothing. It ends, though nobody writes.',

  campaigns(_ghost, node) {
    if (node.repairing) throw new Violation(this.name, node.id, `${node.id} campaigns while its log is being repaired`)
  },

  elected(_ghost, node, { term }) {
    if (node.repairing) throw new Violation(this.name, node.id, `${node.id} leads term ${term} while its log is being repaired`)
  },

  sends(_ghost, node, message) {
    if (!isAnswer(message)) return
    if (node.repairing && message.repairing !== true) violated(node.id, message, 'does not say that its log is being repaired')
    const granted = (message.type === 'voteReply' || message.type === 'preVoteReply') && message.granted
    if (granted && message.repairing) violated(node.id, message, 'grants a vote while its log is being repaired')
  },

  receives(_ghost, node, message, core) {
    if (core.role !== 'leader' || !isAnswer(message) || message.repairing !== true || core.commit <= node.commit) return
    throw new Violation(
      this.name,
      node.id,
      `${node.id} commits ${core.commit} because of an answer of ${message.from}, whose log is being repaired`,
    )
  },
}

function violated(id: NodeId, { type, to }: Message, what: string): never {
  throw new Violation(repair.name, id, `${id} ${what}: ${type} to ${to}`)
}

type Answer = Extract<Message, { type: 'appendReply' | 'heartbeatReply' | 'voteReply' | 'preVoteReply' }>

function isAnswer(message: Message): message is Answer {
  const { type } = message
  return type === 'appendReply' || type === 'heartbeatReply' || type === 'voteReply' || type === 'preVoteReply'
}
