import type { NodeId } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { PeerMessage } from '../ports.ts'
import type { Channel } from './channel.ts'
import { decodeMessage, messageFrame } from './codec.ts'
import type { TransportContext, TransportSettings } from './context.ts'
import { headerBytes } from './frame.ts'
import { attempt } from './tuple.ts'

/** The two ends of a connection whose handshake has passed. */
export type PairIds = { readonly own: NodeId; readonly peer: NodeId }

/** Hands over what a peer says on a connection, whichever of the two has dialled it. */
export function deliverMessage(context: TransportContext, payload: Buffer, { own, peer }: PairIds): 'corrupt' | undefined {
  const message = attempt(() => decodeMessage(payload))
  if (message instanceof RaftError) return 'corrupt'
  // A member speaks for itself only, and only to this node.
  if (message.from === peer && message.to === own) context.events.message(message.from, message)
  else context.counts.misaddressed++
  return undefined
}

/** False: it is too long, or there is no room. */
export function writeMessage(channel: Channel, message: PeerMessage, { maxFrameBytes, maxQueueBytes }: TransportSettings): boolean {
  const frame = messageFrame(message)
  if (frame.length - headerBytes > maxFrameBytes) return false
  if (channel.queuedBytes + frame.length > maxQueueBytes) return false
  channel.writeFrame(frame)
  return true
}
