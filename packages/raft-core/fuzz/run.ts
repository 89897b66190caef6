import { countFrom, optionsFrom } from '../../../scripts/options.ts'
import type { Membership, Message, RaftOptions, TraceEvent } from '../src/index.ts'
import { formatTrace } from '../src/index.ts'
import { faultIn } from '../src/validate.ts'
import { Member } from './member.ts'
import { mutate, randomMessage } from './messages.ts'
import type { Random } from './random.ts'
import { seeded } from './random.ts'

/**
 * Throws messages at cores in every role, whose drivers do all that a driver may in any legal order: real messages, real ones with
 * fields changed, and ones made up. Nothing may make a core throw.
 *
 *   npm run fuzz -w raft-core -- --messages 1000000 --seed 1
 */
const ids = ['n1', 'n2', 'n3']
const membership: Membership = { voters: ids, outgoing: [], learners: ['n4'], learnersNext: [], autoLeave: false, promoting: ['n4'] }

const usage = 'npm run fuzz -w raft-core -- [--messages N] [--seed S]    default 1000000 messages, from seed 1'
const asked = optionsFrom(usage, ['messages', 'seed'])
const total = countFrom('--messages', asked.messages ?? '1000000')
const seed = countFrom('--seed', asked.seed ?? '1', 0)
const random = seeded(seed)

type Tally = { sent: number; valid: number; crashes: number; readonly roles: Map<string, number> }
const tally: Tally = { sent: 0, valid: 0, crashes: 0, roles: new Map() }

/** Real traffic, to deliver and to mutate: the newest messages of the cluster. */
let traffic: Message[] = []

function newCluster(): Member[] {
  traffic = []
  const options: Partial<RaftOptions> = {
    electionTicks: 3,
    leaseDuration: random.pick([0, 1]),
    overlapping: random.chance(0.7),
    preVote: random.chance(0.8),
    checkQuorum: random.chance(0.8),
    forwardProposals: random.chance(0.5),
    stepDownOnRemoval: random.chance(0.8),
    maxInflight: 1 + random.below(4),
    maxInflightBytes: random.chance(0.5) ? 20 : Number.POSITIVE_INFINITY,
    maxMessageBytes: random.chance(0.5) ? 1 : 1 << 20,
    maxApplyBytes: random.chance(0.5) ? 1 : 1 << 20,
    maxUncommittedBytes: random.chance(0.5) ? 20 : Number.POSITIVE_INFINITY,
  }
  // A trace that is listened to must not break anything either.
  const trace = random.chance(0.5) ? (event: TraceEvent) => void formatTrace(event) : undefined
  const lease = options.checkQuorum && random.chance(0.2)
  const all = { ...options, readMode: lease ? ('unbounded-lease' as const) : ('quorum' as const), trace }
  return [...ids, 'n4'].map(id => {
    const snapshot = { term: 1, index: 1, membership, data: new Uint8Array() }
    return new Member({ id, random: random.next, restored: { snapshot }, ...all })
  })
}

function nextMessage(source: Random): Message {
  const real = traffic.length > 0 ? source.pick(traffic) : undefined
  if (real === undefined || source.chance(0.2)) return randomMessage(source, [...ids, 'n4'])
  return source.chance(0.4) ? real : mutate(source, real)
}

function throwAt(cluster: readonly Member[]): void {
  const message = nextMessage(random)
  const target = (cluster.find(({ raft }) => raft.id === message?.to) ?? random.pick(cluster)).raft
  tally.sent++
  if (faultIn(message) === undefined && message.to === target.id && message.from !== target.id) {
    tally.valid++
    const cell = `${target.role} × ${message.type}`
    tally.roles.set(cell, (tally.roles.get(cell) ?? 0) + 1)
  }
  target.step(message)
}

let cluster = newCluster()
while (tally.sent < total) {
  try {
    for (const member of cluster) {
      member.live(random, [...ids, 'n4'])
      traffic.push(...member.work(random))
    }
    if (traffic.length > 64) traffic = traffic.slice(-64)
    for (let i = 0; i < 8 && tally.sent < total; i++) throwAt(cluster)
    if (random.chance(0.002)) cluster = newCluster()
  } catch (error) {
    tally.crashes++
    console.error(`crash at message ${tally.sent} of seed ${seed}:`, error)
    cluster = newCluster()
  }
}

console.log(
  `${tally.sent} messages, ${((100 * tally.valid) / tally.sent).toFixed(1)} % passed validation and reached the term gate or a rule`,
)
console.log(`${tally.roles.size} pairs of role and message seen`)
console.log(`${tally.crashes} crashes`)
if (tally.crashes > 0 || tally.valid * 3 < tally.sent) process.exitCode = 1
