import type { Socket } from 'node:net'
import type { Clock, HandshakeRefusal, Hello, TransportEvents } from '../ports.ts'
import { Channel, type ChannelEvents } from './channel.ts'
import type { MismatchReports } from './mismatch-reports.ts'
import type { SocketFactory } from './sockets.ts'

export type TransportSettings = {
  readonly clock: Clock
  readonly maxQueueBytes: number
  readonly maxFrameBytes: number
  readonly maxConnections: number
  readonly handshakeTimeoutMs: number
  readonly pingMs: number
  readonly sockets: SocketFactory
}

/** What happened since the start, for metrics. */
export type TransportCounts = {
  /** Connections of somebody who does not speak this protocol: HTTP, TLS, port scans, silence. */
  strangers: number
  /** Handshakes that failed, whoever refused. */
  refusals: number
  /** Connections closed because a member sent bytes that are no frame or no message. */
  corrupt: number
  /** Messages that claimed another sender than the connection's, or were for another node. */
  misaddressed: number
  /** Messages dropped because the queue to a peer was full, or the message longer than a frame. */
  overflowed: number
}

/** What the parts of one transport share. */
export type TransportContext = {
  readonly settings: TransportSettings
  readonly events: TransportEvents
  readonly counts: TransportCounts
  readonly mismatches: MismatchReports
  /** Everything that is not closed yet, so that `close` finds it. */
  readonly channels: Set<Channel>
}

export function openChannel(context: TransportContext, socket: Socket, remote: string, events: ChannelEvents): Channel {
  const channel = new Channel(socket, remote, context.settings, events)
  context.channels.add(channel)
  socket.on('close', () => context.channels.delete(channel))
  return channel
}

export type Direction = 'in' | 'out'

export function reportRefusal(
  context: TransportContext,
  channel: Channel,
  refusal: {
    readonly theirs: Hello | undefined
    readonly reason: HandshakeRefusal
    readonly direction: Direction
    readonly by: 'us' | 'them'
  },
): void {
  context.counts.refusals++
  context.mismatches.report(refusal.theirs, refusal.reason, refusal.direction, channel.remote, refusal.by)
}

/** Whoever it is does not speak this protocol. The port has no reason of its own for that: it is told by the missing Hello. */
export function reportStranger(context: TransportContext, channel: Channel, direction: Direction): void {
  context.counts.strangers++
  context.mismatches.report(undefined, 'other-version', direction, channel.remote, 'us')
}

/** Before a word of this protocol was spoken: by a certificate, or for want of one. */
export function reportTurnedAway(context: TransportContext, remote: string, reason: HandshakeRefusal, direction: Direction): void {
  context.counts.strangers++
  context.mismatches.report(undefined, reason, direction, remote, 'us')
}
