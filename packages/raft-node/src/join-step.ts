import type { MemberChange, NodeId } from 'raft-core'
import type { JoinRequest } from './api.ts'
import { RaftError } from './errors.ts'
import type { Members } from './members.ts'
import { nameOf } from './node-names.ts'
import type { MemberInfo } from './ports.ts'
import { replaceCommand } from './what-to-do.ts'

/** What the leader does next for a node that wants in. Asked again after every step, so it may be repeated and interrupted at will. */
export type JoinStep =
  | { readonly type: 'answer'; readonly id: NodeId }
  | { readonly type: 'change'; readonly change: MemberChange; readonly info: MemberInfo | undefined }

/**
 * A member is known by its incarnation: whoever asks again with the same one gets the same answer. An empty folder under the name or
 * the address of a member has lost what that member promised, so it comes in as somebody else, and only when the operator says so.
 */
export function joinStep(members: Members, self: NodeId, request: JoinRequest): JoinStep {
  const { id: name, address, clientAddress, incarnation } = request
  const known = members.all().find(info => info.incarnation === incarnation)
  if (known !== undefined) return stepOfKnown(members, known, request)

  const conflict = members.current().find(info => nameOf(info.id) === name || info.address === address)
  if (conflict === undefined) {
    const id = members.nextId(name)
    return { type: 'change', change: { type: 'learner', id, promote: true }, info: { id, address, clientAddress, incarnation } }
  }
  // Added by an operator before it was ever started: nobody has promised anything in its name.
  if (conflict.incarnation === '' && nameOf(conflict.id) === name) {
    return { type: 'change', change: { type: 'update', id: conflict.id }, info: { id: conflict.id, address, clientAddress, incarnation } }
  }
  if (!request.replace) throw wiped(conflict, request)
  if (conflict.id === self) {
    throw new RaftError(
      'INVALID_ARGUMENT',
      `${conflict.id} at ${conflict.address} leads and is alive: use another id and address for the new node`,
    )
  }
  return { type: 'change', change: { type: 'remove', id: conflict.id }, info: undefined }
}

function stepOfKnown(members: Members, known: MemberInfo, { address, clientAddress }: JoinRequest): JoinStep {
  const { id } = known
  if (!members.has(id)) {
    throw new RaftError('NOT_A_MEMBER', `this folder was ${id} until that was removed, and stays so: join with a new, empty folder`)
  }
  if (known.address === address && known.clientAddress === clientAddress) return { type: 'answer', id }
  return { type: 'change', change: { type: 'update', id }, info: { ...known, address, clientAddress } }
}

function wiped(conflict: MemberInfo, { id, address }: JoinRequest): RaftError {
  const what = nameOf(conflict.id) === id ? `${id} is a member already` : `${address} is the address of member ${conflict.id}`
  return new RaftError(
    'WIPED_MEMBER',
    `${what}, with another data folder. If that folder is lost for good, replace the member: ${replaceCommand(id, address)}`,
  )
}
