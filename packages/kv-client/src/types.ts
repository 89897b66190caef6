/** What requests and answers of the key-value API hold: one description for the server, which fills them, and the client, which reads them. */

/** Whether a write took effect. Only `not-applied` is safe to repeat. */
export type Outcome = 'not-applied' | 'unknown'

/** The body of every answer that is not a success. Codes are stable; messages are for people and may change. */
export type ErrorResponse = {
  readonly error: {
    readonly code: string
    readonly message: string
    /** Absent for reads, which change nothing. */
    readonly outcome?: Outcome
  }
}

/**
 * `linearizable`: all that was acknowledged anywhere before the request. `lease`: the same, by the leader's lease and its clock where the
 * cluster allows it, else `linearizable`. `stale`: what the node that answers has, without asking anybody.
 */
export type Consistency = 'linearizable' | 'lease' | 'stale'

/** What a node does with a request for the leader: pass it on, name the leader's address (307), or refuse it (500). */
export type NonLeaderMode = 'forward' | 'redirect' | 'reject'

/** `POST /key`: one or more keys with their values, set at once or not at all. */
export type SetRequest = { readonly [key: string]: string }
export type SetResponse = {
  /** The log index of the write: the modify revision of its keys. */
  readonly index: number
}

/** `GET /key/{key}`: the key and its value. */
export type GetResponse = { readonly [key: string]: string }

/** `DELETE /key/{key}`. A key that is not there is no error, so that a delete may be repeated. */
export type DeleteResponse = { readonly index: number; readonly deleted: boolean }

/** `POST /join`: what a node says that wants to become a member, or somebody in the name of one that is yet to be started. */
export type JoinRequestBody = {
  /** The operator's name of the node. */
  readonly id: string
  /** Where the members reach it: `host:port`. */
  readonly addr: string
  /** Where clients reach it: `host:port`. */
  readonly http?: string
  /** Drawn by the node for its data folder. Without it, the first folder that comes under this name takes the place. */
  readonly incarnation?: string
  /** Remove the member that has this id or address now, and add this node in its place. */
  readonly replace?: boolean
}
export type JoinResponse = {
  readonly clusterId: string
  /** The id to start with: the name that was sent, with a generation if it replaces a member. */
  readonly id: string
  readonly members: readonly Member[]
}

/** A node as the cluster knows it. */
export type Member = {
  readonly id: string
  /** Where its peers reach it: `host:port`. */
  readonly address: string
  /** Where clients reach it: `host:port`, or empty. */
  readonly clientAddress: string
  readonly incarnation: string
}

export type MemberStatus = Member & {
  readonly voter: boolean
  readonly learner: boolean
  /** The last index on the member's disk, and how it gets the log: known to the leader alone. */
  readonly match?: number | undefined
  readonly state?: 'probe' | 'replicate' | 'snapshot' | undefined
  /** Whether the member answers: the leader's view, or for other nodes whether they are connected to it. */
  readonly reachable: boolean
  readonly lastContactMs?: number | undefined
  /** Its log is damaged and being filled again: known to the leader alone. */
  readonly repairing?: boolean | undefined
}

/** How far the voters are from losing the majority that every write needs. */
export type QuorumStatus = {
  readonly voters: number
  readonly needed: number
  /** As seen by the node that answers. */
  readonly reachable: number
  /** How many more voters may fail before writes stop. */
  readonly failureTolerance: number
}

/** The process that answers. */
export type ServerStatus = {
  /** Of the program. */
  readonly version: string
  readonly nodeVersion: string
  readonly uptimeMs: number
  /** The wall clock of the machine, in milliseconds since 1970. Nothing that is replicated depends on it. */
  readonly now: number
}

/** The disk under the data folder, looked at every ten seconds. */
export type DiskStatus = {
  /** What the data folder takes. */
  readonly dataBytes: number
  readonly freeBytes: number
  readonly sizeBytes: number
  /** How long a small flush took within the last minute: the one in the middle, and the longest. Every write waits for one. */
  readonly syncMs: number
  readonly syncMsMax: number
}

/** `GET /v1/status`: a picture of one node, which never waits for disk or network. */
export type StatusResponse = {
  readonly id: string
  readonly clusterId: string
  readonly incarnation: string
  /** Where peers and clients reach the node: `host:port`. */
  readonly address: string
  readonly clientAddress: string
  readonly role: 'follower' | 'preCandidate' | 'candidate' | 'leader'
  readonly leader: Member | null
  readonly term: number
  readonly commit: number
  readonly applied: number
  /** How many milliseconds ago, at most, the node had all that was committed anywhere; absent until a leader has told. */
  readonly ageMs?: number | undefined
  /** The last index on this node's disk, and the bounds of its log. */
  readonly saved: number
  readonly first: number
  readonly last: { readonly term: number; readonly index: number }
  readonly snapshotIndex: number
  readonly membershipIndex: number
  readonly members: readonly MemberStatus[]
  readonly quorum: QuorumStatus
  /** How many keys the store holds. */
  readonly keys: number
  /** Why the node does not serve, when it does not. */
  readonly fault: { readonly code: string; readonly message: string } | null
  readonly closing: boolean
  /** Why a leader is filling this node's log again, while it is: damage found on its disk. The node counts for no majority until then. */
  readonly repairs: string | null
  /** Why this node takes no writes, when its disk is full. It still answers reads. */
  readonly diskFull: string | null
  readonly server: ServerStatus
  /** Null until it was looked at for the first time. */
  readonly disk: DiskStatus | null
}
