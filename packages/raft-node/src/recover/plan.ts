import type { Entry, MemberChange, NodeId, Position } from 'raft-core'
import type { NewMember } from '../api.ts'
import { RaftError } from '../errors.ts'
import { checkAddress } from '../member-edits.ts'
import { encodeInfos } from '../member-info.ts'
import type { Members } from '../members.ts'
import { nameOf } from '../node-names.ts'
import type { Identity, MemberInfo } from '../ports.ts'
import { checkName } from '../settings.ts'

/**
 * The entries that make this node the only voter, and the others learners that become voters by themselves once they have caught up. They
 * count as committed, as all before them: nobody is left who could object. `last`: where the log ends.
 */
export function planRecovery(identity: Identity, members: Members, wanted: readonly NewMember[], last: Position): Entry[] {
  requireDistinct(wanted)
  const self = ownEntry(identity, members, wanted)
  const others = wanted.filter(({ id }) => id !== nameOf(identity.nodeId)).map(member => newcomer(members, member))
  const removed = members.current().filter(({ id }) => id !== identity.nodeId)
  const changes: MemberChange[] = [
    { type: members.isVoter(identity.nodeId) ? 'update' : 'voter', id: identity.nodeId },
    ...removed.map(({ id }) => ({ type: 'remove' as const, id })),
    ...others.map(({ id }) => ({ type: 'learner' as const, id, promote: true })),
  ]
  const context = encodeInfos([self, ...others])
  const leave = { transition: 'auto', changes: [], context: undefined } as const
  const isJoint = members.membership.outgoing.length > 0
  const steps = [...(isJoint ? [leave] : []), { transition: 'implicit', changes, context } as const, leave]
  return steps.map((change, at) => ({ type: 'membership', change, term: last.term + 1, index: last.index + 1 + at }))
}

function requireDistinct(wanted: readonly NewMember[]): void {
  for (const [at, { id, address }] of wanted.entries()) {
    const earlier = wanted.slice(0, at).find(other => other.id === id || other.address === address)
    if (earlier === undefined) continue
    const both = `${earlier.id} at ${earlier.address} and ${id} at ${address}`
    throw new RaftError('INVALID_ARGUMENT', `${both} cannot both be members: name each once, at an address of its own`)
  }
}

function ownEntry({ nodeId, incarnation }: Identity, members: Members, wanted: readonly NewMember[]): MemberInfo {
  const own = wanted.find(({ id }) => id === nameOf(nodeId))
  if (own === undefined) {
    const help = `name it among the members, or recover the folder of another one`
    throw new RaftError('INVALID_ARGUMENT', `the folder is ${nameOf(nodeId)}'s, which is to lead the recovered cluster: ${help}`)
  }
  checkAddress(own.address)
  return { id: nodeId, address: own.address, clientAddress: own.clientAddress ?? members.info(nodeId)?.clientAddress ?? '', incarnation }
}

/** Its folder is another than the one it had, if it had one: what that acknowledged in the old cluster counts for nothing in this one. */
function newcomer(members: Members, { id: name, address, clientAddress = '' }: NewMember): { readonly id: NodeId } & MemberInfo {
  checkName(name)
  checkAddress(address)
  return { id: members.nextId(name), address, clientAddress, incarnation: '' }
}
