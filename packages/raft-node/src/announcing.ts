import type { NodeId } from 'raft-core'
import type { Engine } from './engine.ts'
import { RaftError } from './errors.ts'
import type { MembershipService } from './membership-service.ts'
import { nameOf } from './node-names.ts'
import { decodeAnswer, encodeRequest } from './peer-requests.ts'
import { deadlineFor } from './wait.ts'

const timeoutMs = 2_000

/**
 * A node that was started with other addresses than the membership says tells the leader, until the membership says so, too. It asks
 * its way through the peers: while they look for it at the old address, it does not hear who leads.
 */
export async function announceAddresses(engine: Engine<unknown>, membership: MembershipService): Promise<void> {
  const { changed, settings } = engine
  while (isNeeded(engine)) {
    if (engine.members.has(engine.identity.nodeId)) await announce(engine, membership).catch(() => {}) // there may be no leader yet
    if (isNeeded(engine)) await changed.next(settings.tickMs * settings.electionTicks)
  }
}

function isNeeded(engine: Engine<unknown>): boolean {
  return !engine.stopped && engine.faults.current === undefined && !isKnown(engine)
}

/** A node that has not seen its own membership yet has what it said when it joined still ahead in the log. */
function isKnown({ members, identity, address, settings }: Engine<unknown>): boolean {
  const said = members.info(identity.nodeId)
  return said?.address === address && said.clientAddress === settings.clientAddress
}

async function announce(engine: Engine<unknown>, membership: MembershipService): Promise<void> {
  const { raft, identity, address, settings, ports } = engine
  const { nodeId, incarnation } = identity
  const join = { id: nameOf(nodeId), address, clientAddress: settings.clientAddress, incarnation, replace: false }
  if (raft.leader !== undefined) return void (await membership.join(join, deadlineFor(ports.clock, { timeoutMs })))

  const body = encodeRequest({ kind: 'join', timeoutMs, join })
  const ask = async (id: NodeId) => decodeAnswer(await ports.transport.request(id, body, { timeoutMs }))
  for (const { id } of engine.peers.known()) {
    if (!engine.peers.isConnected(id)) continue
    try {
      return void (await ask(id))
    } catch (error) {
      if (error instanceof RaftError && error.leader !== undefined) return void (await ask(error.leader.id))
    }
  }
}
