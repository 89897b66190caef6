/** A rule that others got wrong once. A transcript names those that it shows: `# rules: 9, 10`. */
export type Rule = {
  readonly rule: string
  /** Tests beside the transcripts, as paths from the root of the repository. */
  readonly tests?: readonly string[]
  /** Why no transcript can show it. */
  readonly because?: string
}

const paper = (name: string): string => `packages/raft-core/test/paper/${name}.test.ts`
const disk = paper('thesis-10.2.1-parallel-disk')

/** By topic; the numbers are what transcripts refer to. */
export const rules: Readonly<Record<number, Rule>> = {
  // what is saved, and when
  1: { rule: 'term and vote are on disk before a vote is asked for or given', tests: [paper('5.1-terms')] },
  2: { rule: 'an append is acknowledged only when all of it is on disk, also when it is repeated or empty' },
  3: { rule: 'a single voter applies nothing before it is saved', tests: [disk] },
  4: { rule: 'entries replace what conflicts with them; those that are held already cut nothing off', tests: [paper('5.3-replication')] },
  5: {
    rule: 'a commit index is not on disk before the entries that it commits',
    tests: ['packages/raft-core/test/ready.test.ts'],
    because: 'they are one batch of one Ready, which the driver writes atomically',
  },
  6: { rule: 'saves end in order, and count only for what was not replaced meanwhile', tests: [disk] },
  7: { rule: 'a new term is itself a write, and nothing overtakes it', tests: [disk] },
  8: {
    rule: 'a failed flush is never tried again',
    tests: ['packages/raft-node/test/node/faults.test.ts'],
    because: 'the core sees no disk; its driver stops the node',
  },

  // elections
  9: { rule: 'only entries of the current term are committed by counting', tests: [paper('5.4.2-committing-earlier-terms')] },
  10: { rule: 'reads wait for the first commit of the term; whoever cannot answer one says so', tests: [paper('thesis-6.4-reads')] },
  11: { rule: 'answers of an earlier term count for nothing; a granted pre-vote carries a future one', tests: [paper('5.1-terms')] },
  12: { rule: 'a node in a later term answers the old leader, or it could never come back', tests: [paper('5.1-terms')] },
  13: { rule: 'a refused pre-vote of a later term is news to whoever asked', tests: [paper('thesis-9.6-pre-vote')] },
  14: { rule: 'a pre-candidate forgets its leader, and keeps its term and vote', tests: [paper('thesis-9.6-pre-vote')] },
  15: { rule: 'election timeouts are drawn, from one to two times the least', tests: [paper('5.2-election')] },
  16: { rule: 'pre-votes that arrive after the election has begun count for nothing' },
  17: { rule: 'no campaign with a committed change that is not applied, nor with a snapshot to save; commands hold nothing up' },
  18: { rule: 'learners answer when asked for a vote: they may be voters by now' },
  19: {
    rule: 'a leader acts in the term that it was elected for',
    because: 'every method is synchronous: a term cannot change between reading and using it',
  },

  // replication
  20: { rule: 'only acknowledged appends raise the match, heartbeats never do', tests: ['packages/raft-core/test/progress.test.ts'] },
  21: { rule: 'a heartbeat commits no more than the follower is known to hold', tests: [paper('5.3-replication')] },
  22: { rule: 'what was acknowledged before a removal counts no more after a return' },
  23: { rule: 'match < next always; refusals that come late or twice change nothing', tests: ['packages/raft-core/test/progress.test.ts'] },
  24: { rule: 'nothing stays stuck: a full window, an unreachable member, a probe of what is compacted' },
  25: { rule: 'a later term in any message ends a leadership', tests: [paper('5.1-terms')] },

  // membership
  26: { rule: 'no change before an entry of the leader’s own term is committed', tests: [paper('thesis-4-membership')] },
  27: { rule: 'one change at a time; what does not fit changes nothing, on any node', tests: [paper('thesis-4-membership')] },
  28: { rule: 'a joint membership is left by whoever leads, once, also after a transfer; until then both majorities decide' },
  29: { rule: 'who is demoted through a joint membership votes until it is left' },
  30: { rule: 'a removed leader leads until that is applied, through all of a joint membership', tests: [paper('thesis-4-membership')] },
  31: { rule: 'a leader that leaves one other member behind goes only when that one knows' },
  32: { rule: 'a snapshot carries the membership; changes that it covers do not count again' },
  33: {
    rule: 'a restart finds the newest membership in the log',
    because: 'membership takes effect when applied: a restart applies what is committed, and the commit index is durable',
    tests: ['packages/raft-core/test/ready.test.ts'],
  },

  // snapshots
  34: { rule: 'a snapshot that contradicts the log replaces all of it; one that agrees only moves the commit index' },
  35: { rule: 'any acknowledgement that reaches the leader’s log ends a snapshot; a failure must be reported' },
  36: { rule: 'a snapshot of what is committed already is not taken' },
  37: {
    rule: 'a snapshot stays readable while it is being sent',
    tests: ['packages/raft-node/test/transport/snapshots.test.ts'],
    because: 'the core holds no bytes of snapshots',
  },

  // reads and transfers
  38: { rule: 'the leader numbers its reads; a name that is used twice confirms nothing', tests: [paper('thesis-6.4-reads')] },
  39: { rule: 'a read needs the joint quorum, and no learner', tests: [paper('thesis-6.4-reads')] },
  40: { rule: 'check-quorum is no lease; with leases nobody forgets a leader' },
  41: { rule: 'a transfer ends in any case, takes no proposals, and its target looks at its log', tests: [paper('thesis-3.10-transfer')] },

  // applying
  42: {
    rule: 'an exception while applying is told to its caller, and stalls nothing',
    tests: ['packages/raft-node/test/node/cluster.test.ts'],
    because: 'the core applies nothing but memberships',
  },
  43: { rule: 'applied <= committed; a restart may say how far it had applied', tests: ['packages/raft-core/test/log.test.ts'] },
  44: {
    rule: 'the ticks of many groups do not fall together',
    tests: ['packages/raft-node/test/node/parts.test.ts'],
    because: 'time is tick(): the driver decides when',
  },

  // damage
  45: { rule: 'a node that has lost what it acknowledged counts for nothing and votes for nobody before its log is whole' },
}
