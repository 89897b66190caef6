import type { MemberChange, NodeId } from 'raft-core'
import type { MemberEdit } from './api.ts'
import { RaftError } from './errors.ts'
import { addressLengthMax } from './member-info.ts'
import type { Members } from './members.ts'
import { nameOf } from './node-names.ts'
import type { MemberInfo } from './ports.ts'
import { checkedClientAddress, checkName } from './settings.ts'

/** What the core is asked for, and what the change says of those who come. */
export type EditPlan = {
  readonly changes: readonly MemberChange[]
  readonly infos: readonly MemberInfo[]
  readonly added: readonly NodeId[]
}

/** Puts edits of the membership into the core's terms. @throws RaftError for edits that do not fit the members. */
export function planEdits(members: Members, edits: readonly MemberEdit[]): EditPlan {
  if (edits.length === 0) throw new RaftError('INVALID_ARGUMENT', 'a change of the membership without any change: name at least one')
  const leaving = new Set(edits.flatMap(edit => (edit.type === 'remove' ? [edit.id] : [])))
  const changes: MemberChange[] = []
  const infos: MemberInfo[] = []
  for (const edit of edits) {
    if (edit.type === 'add') {
      const info = newcomer(members, edit, leaving)
      changes.push({ type: 'learner', id: info.id, promote: edit.promote ?? true })
      infos.push(info)
    } else changes.push(memberChange(members, edit))
  }
  const ids = changes.map(({ id }) => id)
  if (new Set(ids).size < ids.length) throw new RaftError('INVALID_ARGUMENT', 'the same member is changed twice: say once what it shall be')
  return { changes, infos, added: infos.map(({ id }) => id) }
}

function newcomer(members: Members, edit: Extract<MemberEdit, { type: 'add' }>, leaving: ReadonlySet<NodeId>): MemberInfo {
  const { id: name, address, clientAddress = '' } = edit
  checkName(name)
  checkAddress(address)
  checkedClientAddress(clientAddress)
  const conflict = members.current().find(info => (nameOf(info.id) === name || info.address === address) && !leaving.has(info.id))
  if (conflict !== undefined)
    throw new RaftError(
      'INVALID_ARGUMENT',
      `${conflict.id} at ${conflict.address} is a member: remove it in the same change, or replace it`,
    )
  return { id: members.nextId(name), address, clientAddress, incarnation: '' }
}

/** @throws RaftError NOT_A_MEMBER, INVALID_ARGUMENT. */
export function memberChange(members: Members, { type, id }: Exclude<MemberEdit, { type: 'add' }>): MemberChange {
  if (!members.has(id)) throw new RaftError('NOT_A_MEMBER', `${id} is not a member: see the list of members`)
  // Its vote could be needed for the very leader that has to let it in.
  if (type === 'promote' && members.isLearner(id) && members.info(id)?.incarnation === '')
    throw new RaftError('INVALID_ARGUMENT', `${id} was never started: start it first; it becomes a voter once it has caught up`)
  return { type: memberTypes[type], id }
}

const memberTypes = { promote: 'voter', demote: 'learner', remove: 'remove' } as const

export function checkAddress(address: string): void {
  if (!/^[!-~]+:\d{1,5}$/.test(address) || address.length > addressLengthMax)
    throw new RaftError('INVALID_ARGUMENT', `'${address}' is not an address: write host:port`)
}
