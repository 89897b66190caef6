import type { MemberChange, Message, NodeId } from '../src/index.ts'
import { TracedCluster } from './cluster.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const founders = ['n1', 'n2', 'n3']

function change(cluster: TracedCluster, id: NodeId, one: MemberChange): void {
  cluster.node(id).proposeMembership({ transition: 'auto', changes: [one], context: undefined })
  cluster.settle()
}

function elect(cluster: TracedCluster, id: NodeId, lost?: (message: Message) => boolean): void {
  cluster.node(id).campaign()
  cluster.settle(lost)
}

/** Small runs, each of which shows one part of the protocol. */
export const scenarios: Readonly<Record<string, () => TracedCluster>> = {
  election() {
    const cluster = new TracedCluster(founders)
    cluster.tick('n1', 20)
    cluster.settle()
    for (const text of ['a', 'b']) cluster.node('n1').propose(bytes(text))
    cluster.settle()
    return cluster
  },

  /** The leader is cut off with an entry that nobody else has; the next one replaces it. */
  conflict() {
    const cluster = new TracedCluster(founders, { checkQuorum: false, preVote: false })
    elect(cluster, 'n1')
    cluster.node('n1').propose(bytes('kept'))
    cluster.settle()
    const cut = ({ from, to }: Message) => from === 'n1' || to === 'n1'
    cluster.node('n1').propose(bytes('lost'))
    cluster.settle(cut)
    elect(cluster, 'n2', cut)
    cluster.node('n2').propose(bytes('instead'))
    cluster.settle(cut)
    cluster.tick('n2', 1)
    cluster.settle()
    return cluster
  },

  restart() {
    const cluster = new TracedCluster(founders, { checkQuorum: false, preVote: false })
    elect(cluster, 'n1')
    cluster.node('n1').propose(bytes('a'))
    cluster.settle()
    cluster.start('n1')
    elect(cluster, 'n3')
    cluster.node('n3').propose(bytes('b'))
    cluster.settle()
    return cluster
  },

  membership() {
    const cluster = new TracedCluster(founders)
    elect(cluster, 'n1')
    cluster.start('n4')
    // Index 1 is the founding: who joins finds the log from there on.
    for (const type of ['learner', 'voter'] as const) change(cluster, 'n1', { type, id: 'n4' })
    change(cluster, 'n1', { type: 'remove', id: 'n2' })
    cluster.node('n1').propose(bytes('a'))
    cluster.settle()
    return cluster
  },
}
