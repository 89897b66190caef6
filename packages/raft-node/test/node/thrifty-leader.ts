import type { Entry, Membership, Message, MessageOf, NodeId } from 'raft-core'
import { expect } from 'vitest'
import { Thrifty } from '../../src/thrifty.ts'
import { VirtualClock } from './virtual-clock.ts'

export type Append = MessageOf<'appendEntries'>

/** A leader n1, what it sends, and when. */
export class Leader {
  readonly clock = new VirtualClock()
  readonly sent: Message[] = []
  pays = true
  commit = 0
  last = 0
  membership: Membership
  readonly thrifty: Thrifty

  constructor(voters: readonly NodeId[], more: Partial<Membership> = {}) {
    this.membership = { voters, outgoing: [], learners: [], learnersNext: [], autoLeave: false, ...more } as Membership
    this.thrifty = new Thrifty({
      clock: this.clock,
      self: 'n1',
      membership: () => this.membership,
      commit: () => this.commit,
      pays: () => this.pays,
      send: message => this.sent.push(message),
    })
  }

  /** One more entry, to each of these. */
  propose(to: readonly NodeId[], bytes = 1): void {
    const after = { term: this.last === 0 ? 0 : 2, index: this.last++ }
    for (const id of to) this.thrifty.send({ ...append(id), after, entries: [entryAt(this.last, bytes)], commit: this.commit })
  }

  /** It is committed, and these have said so, in this order. */
  commitAll(by: readonly NodeId[] = []): void {
    for (const id of by) this.thrifty.acknowledged(id, this.last)
    this.commit = this.last
  }

  /** What has been sent since this was last asked. */
  news(): string[] {
    return this.sent.splice(0).map(message => `${message.to} ${message.type === 'appendEntries' ? rangeOf(message) : message.type}`)
  }
}

export function entryAt(index: number, bytes = 1): Entry {
  return { type: 'command', term: 2, index, data: new Uint8Array(bytes) }
}

export function append(to: NodeId): Append {
  return { type: 'appendEntries', from: 'n1', to, term: 2, session: 1, after: { term: 0, index: 0 }, entries: [], commit: 0 }
}

/** The indices of its entries, and how far it tells to commit if that is all. */
function rangeOf({ after, entries, commit }: Append): string {
  if (entries.length === 0) return `commit ${commit}`
  expect(entries.map(entry => entry.index)).toEqual(entries.map((_, at) => after.index + 1 + at))
  return entries.length === 1 ? `${after.index + 1}` : `${after.index + 1}-${after.index + entries.length}`
}

export function notice(to: NodeId, index: number): Append {
  return { ...append(to), after: { term: 2, index }, commit: index }
}

export function heartbeat(to: NodeId): Message {
  return { type: 'heartbeat', from: 'n1', to, term: 2, commit: 0, readToken: 1 }
}
