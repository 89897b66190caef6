import type { Entry, Membership, Message, MessageOf, MessageType, Raft, RaftOptions, Ready } from '../../src/index.ts'
import { createRaft, noMembers } from '../../src/index.ts'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
export const command = (term: number, index: number, text = 'x'): Entry => ({ term, index, type: 'command', data: bytes(text) })
export const voters = (...ids: string[]): Membership => ({ ...noMembers, voters: ids })

type Setup = Partial<RaftOptions> & {
  membership?: Membership
  term?: number
  vote?: string
  commit?: number
  applied?: number
  entries?: readonly Entry[]
  /** The last of the founding: the log starts after it. */
  base?: { term: number; index: number }
}

/** One core with everything around it played by the test: what it sends is looked at, what it hears is made up. */
export class Lab {
  readonly raft: Raft
  readonly applied: Entry[] = []

  constructor({ membership = voters('n1', 'n2', 'n3'), term = 1, vote, commit, applied, entries = [], base, ...options }: Setup = {}) {
    const snapshot = { term: 1, index: 1, ...base, membership, data: new Uint8Array() }
    const hardState = { term, vote, commit: commit ?? snapshot.index }
    this.raft = createRaft({
      id: 'n1',
      random: () => 0,
      preVote: false,
      checkQuorum: false,
      ...options,
      restored: { snapshot, hardState, entries, applied },
    })
  }

  /** Does all that the core asks for, and returns what left. */
  work(): Message[] {
    const sent: Message[] = []
    while (this.raft.hasReady()) sent.push(...this.perform(this.raft.ready()))
    return sent
  }
  perform(ready: Ready): Message[] {
    this.applied.push(...ready.apply)
    this.raft.advance(ready)
    return [...ready.send, ...ready.sendAfterSave]
  }

  /** A message from n2, to n1 and of its term unless said otherwise; returns what the core sends then. */
  hear<T extends MessageType>(type: T, body: Partial<MessageOf<T>>): Message[] {
    const message = { type, from: 'n2', to: 'n1', term: this.raft.term, ...defaults[type], ...body } as unknown as Message
    this.raft.step(message)
    return this.work()
  }

  /** Makes it leader of the next term, with the votes of these. */
  lead(...others: string[]): this {
    this.raft.campaign()
    this.work()
    for (const from of others.length > 0 ? others : ['n2']) this.hear('voteReply', { from, granted: true })
    return this
  }
  /** Has these acknowledge all of the log. */
  acknowledge(...others: string[]): Message[] {
    return others.flatMap(from => this.hear('appendReply', { from, index: this.last }))
  }
  propose(text = 'x'): Message[] {
    this.raft.propose(bytes(text))
    return this.work()
  }
  tick(times = 1): Message[] {
    return Array.from({ length: times }).flatMap(() => {
      this.raft.tick()
      return this.work()
    })
  }

  get last(): number {
    return this.raft.status().last.index
  }
  get terms(): number[] {
    const { first, last } = this.raft.status()
    return this.raft.entries(first, last.index).map(({ term }) => term)
  }
}

const at = { term: 1, index: 1 }
const defaults: { [T in MessageType]: Omit<MessageOf<T>, 'type' | 'from' | 'to' | 'term'> } = {
  requestVote: { lastEntry: at, transfer: false },
  voteReply: { granted: false, commit: { term: 0, index: 0 } },
  preVote: { lastEntry: at },
  preVoteReply: { granted: false, commit: { term: 0, index: 0 } },
  appendEntries: { session: 0, after: at, entries: [], commit: 1 },
  // Sessions are numbered by id; see the tests of the leader's side of replication.
  appendReply: { session: 2, accepted: true, index: 0, hint: { term: 0, index: 0 } },
  heartbeat: { commit: 1, readToken: 0 },
  heartbeatReply: { readToken: 0 },
  installSnapshot: { session: 0, snapshot: { ...at, membership: noMembers, data: new Uint8Array() } },
  timeoutNow: { lastEntry: at },
  transferLeader: { target: 'n2' },
  propose: { entries: [] },
  readIndex: { context: 'r' },
  readIndexReply: { context: 'r', index: undefined },
}

export function only<T extends MessageType>(messages: readonly Message[], type: T): MessageOf<T>[] {
  return messages.filter((message): message is MessageOf<T> & Message => message.type === type)
}
