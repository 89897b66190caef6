import type { Entry, Index, NodeId, Position, Term } from '../src/log/entry.ts'
import type { Message, MessageType, Snapshot } from '../src/messages.ts'
import { showId } from './ids.ts'
import type { AppendWork, ApplyWork, Parcel } from './world.ts'

/** A message as the transcripts know it: one shape for all types, with the fields that each uses. */
export type Wire = {
  readonly from: string
  readonly to: string
  readonly name: string
  readonly term: Term
  readonly log: Position
  readonly hint?: Index | undefined
  readonly commit?: Index
  readonly vote?: NodeId | undefined
  readonly entries?: readonly Entry[]
  readonly snapshot?: Snapshot | undefined
}

const wireNames = {
  requestVote: 'MsgVote',
  voteReply: 'MsgVoteResp',
  preVote: 'MsgPreVote',
  preVoteReply: 'MsgPreVoteResp',
  appendEntries: 'MsgApp',
  appendReply: 'MsgAppResp',
  heartbeat: 'MsgHeartbeat',
  heartbeatReply: 'MsgHeartbeatResp',
  installSnapshot: 'MsgSnap',
  timeoutNow: 'MsgTimeoutNow',
  transferLeader: 'MsgTransferLeader',
  propose: 'MsgProp',
  readIndex: 'MsgReadIndex',
  readIndexReply: 'MsgReadIndexResp',
} as const satisfies Record<MessageType, string>

const nowhere: Position = { term: 0, index: 0 }

export function wireOfMessage(message: Message): Wire {
  const head = {
    from: showId(message.from),
    to: showId(message.to),
    name: wireNames[message.type],
    term: message.term,
    log: nowhere,
  }
  switch (message.type) {
    case 'requestVote':
    case 'preVote':
      return { ...head, log: message.lastEntry }
    case 'voteReply':
    case 'preVoteReply':
      return { ...head, hint: message.granted ? undefined : 0 }
    case 'appendEntries':
      return { ...head, log: message.after, commit: message.commit, entries: message.entries }
    case 'appendReply':
      if (message.accepted) return { ...head, log: { term: 0, index: message.index } }
      return { ...head, log: { term: message.hint.term, index: message.index }, hint: message.hint.index }
    case 'heartbeat':
      return { ...head, commit: message.commit }
    case 'installSnapshot':
      return { ...head, snapshot: message.snapshot }
    case 'transferLeader':
      return { ...head, from: showId(message.target) }
    case 'propose':
      return { ...head, entries: message.entries }
    case 'readIndex':
      return { ...head, entries: [contextEntry(message.context)] }
    case 'readIndexReply':
      return { ...head, log: { term: 0, index: message.index ?? 0 }, entries: [contextEntry(message.context)] }
    case 'heartbeatReply':
    case 'timeoutNow':
      return head
  }
}

/** The name of a read travels as the data of an entry that has no position. */
function contextEntry(context: string): Entry {
  return { ...nowhere, type: 'command', data: new TextEncoder().encode(context) }
}

export function wireOfParcel(parcel: Parcel): Wire {
  const to = showId(parcel.to)
  switch (parcel.type) {
    case 'message':
      return wireOfMessage(parcel.message)
    case 'saved': {
      const { term, last = nowhere } = parcel.receipt
      return { from: 'AppendThread', to, name: 'MsgStorageAppendResp', term, log: last, snapshot: parcel.snapshot }
    }
    case 'applied':
      return { from: 'ApplyThread', to, name: 'MsgStorageApplyResp', term: 0, log: nowhere, entries: parcel.entries }
  }
}

export function wireOfAppendWork({ node, hardState, entries, snapshot }: AppendWork): Wire {
  const { term, vote, commit } = hardState ?? { term: 0, vote: undefined, commit: 0 }
  return { from: showId(node), to: 'AppendThread', name: 'MsgStorageAppend', term, log: nowhere, commit, vote, entries, snapshot }
}

export function wireOfApplyWork({ node, entries }: ApplyWork): Wire {
  return { from: showId(node), to: 'ApplyThread', name: 'MsgStorageApply', term: 0, log: nowhere, entries }
}
