import type { Logger, NodeEvent } from './api.ts'

/** One line for each thing that happens to a node; the fields say the same to machines. */
export function logEvent(logger: Logger, event: NodeEvent): void {
  const { type, ...fields } = event
  switch (event.type) {
    case 'role':
      return logger.info(fields, `raft: ${event.role} in term ${event.term}, ${event.leader ?? 'nobody'} leads`)
    case 'membership': {
      const { voters, learners } = event.membership
      return logger.info(fields, `raft: members at ${event.index}: ${voters.join(', ')}; learners: ${learners.join(', ') || 'none'}`)
    }
    case 'snapshot':
      return logger.info(fields, `raft: snapshot ${event.cause} at index ${event.index}`)
    case 'snapshotFailure':
      return logger.error(fields, `raft: snapshots: the log, or their folder, goes on growing: ${event.reason}`)
    case 'peer':
      return logger[event.state === 'connected' ? 'info' : 'warn'](fields, `raft: peer ${event.id} ${event.state}`)
    case 'handshake': {
      const [from, how] = event.direction === 'in' ? ['from', 'turned away'] : ['to', 'was turned away']
      return logger.warn(fields, `raft: a connection ${from} ${event.id ?? event.remote} ${how}: ${event.reason}`)
    }
    case 'repair':
      return logger.warn(fields, `raft: repair ${event.what}: ${event.reason}`)
    case 'disk':
      return logger[event.isFull ? 'error' : 'info'](fields, `raft: ${event.message}`)
    case 'divergence':
      return logger.error(
        fields,
        `raft: ${event.id} differs from this node after the command at ${event.index}: is the state machine deterministic?`,
      )
    case 'fault':
      return logger.error(fields, `raft: ${event.code}: ${event.message}`)
  }
}
