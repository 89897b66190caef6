import type { NodeId } from 'raft-core'
import type { Engine } from './engine.ts'
import { RaftError } from './errors.ts'
import { encodeRequest } from './peer-requests.ts'
import { successor } from './transfer.ts'
import { deadlineFor, remainingMs } from './wait.ts'

const transferMs = 500
/** For callers whose entries are about to be committed, here or by the next leader. */
const drainMs = 300
/** A disk that hangs must not keep the process from ending. */
const hangMs = 500

/**
 * Leaves in order: hand leadership over, let waiting callers hear what came of it, then close everything. Within two seconds, whatever
 * hangs.
 */
export async function closeDown(engine: Engine<unknown>, transfer: boolean): Promise<void> {
  const { logStore, transport } = engine.ports
  if (!engine.stopped) {
    tellPeers(engine)
    if (transfer) await handOver(engine)
    await within(engine, drainMs, engine.inProgress.whenIdle())
  }
  const { nodeId } = engine.identity
  await within(engine, hangMs, engine.stop(new RaftError('NODE_STOPPED', `${nodeId} has stopped: what was proposed may still be applied`)))
  await transport.close()
  await within(engine, hangMs, logStore.close())
}

/** So that nobody hands leadership to a node that is about to go. Not waited for: who does not hear it loses little. */
function tellPeers({ ports, peers }: Engine<unknown>): void {
  for (const { id } of peers.known()) {
    if (!peers.isConnected(id)) continue
    ports.transport.request(id, encodeRequest({ kind: 'closing', timeoutMs: transferMs }), { timeoutMs: transferMs }).catch(() => {})
  }
}

async function handOver(engine: Engine<unknown>): Promise<void> {
  const { raft, ports, changed } = engine
  const deadline = deadlineFor(ports.clock, { timeoutMs: transferMs })
  let target: NodeId | undefined
  while (raft.role === 'leader' && !engine.stopped) {
    const left = remainingMs(ports.clock, deadline)
    const best = successor(engine)
    if (best === undefined || left === 0) return
    // The one chosen may have said meanwhile that it is closing, too.
    if (target === undefined || engine.peers.isClosing(target)) {
      target = best
      raft.transferLeadership(target)
      engine.wake()
    }
    await changed.next(Math.min(left, engine.settings.tickMs))
  }
}

/** Waits for it, but not for ever. */
function within({ ports }: Engine<unknown>, limitMs: number, work: Promise<unknown>): Promise<void> {
  return new Promise(resolve => {
    const timer = ports.clock.after(limitMs, resolve)
    const done = () => {
      timer.cancel()
      resolve()
    }
    work.then(done, done)
  })
}
