import type { Socket } from 'node:net'
import { RaftError } from '../errors.ts'
import type { Hello } from '../ports.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { openChannel, reportRefusal, reportStranger, type TransportContext } from './context.ts'
import { type Frame, type FrameFault, frameType } from './frame.ts'
import { decodeGreeting, encodeGreeting, encodeRefusal, type Greeting, judgeGreeting } from './handshake.ts'
import { dismissStranger } from './stranger.ts'
import { attempt, corrupt } from './tuple.ts'

/** Both sides have agreed; returns who receives the frames from now on. `own`: what this side said of itself. */
export type Accepted = (channel: Channel, own: Hello, theirs: Greeting) => ChannelEvents

/** Waits for the greeting of somebody who dialled this node, and answers it. */
export function accept(context: TransportContext, socket: Socket, accepted: Accepted): Channel {
  const { settings } = context
  const remote = `${socket.remoteAddress}:${socket.remotePort}`
  const channel = openChannel(context, socket, remote, {
    frame: frame => greeted(context, channel, { frame, accepted, settle: () => timer.cancel() }),
    fault: fault => dismiss(context, channel, fault),
    closed: () => timer.cancel(),
  })
  const timer = settings.clock.after(settings.handshakeTimeoutMs, () => {
    context.counts.strangers++ // silence is no news for the log: port scans and health checks look like this
    channel.close()
  })
  return channel
}

type Opening = { readonly frame: Frame; readonly accepted: Accepted; settle(): void }

function greeted(context: TransportContext, channel: Channel, { frame, accepted, settle }: Opening): void {
  const theirs = frame.type === frameType.hello ? attempt(() => decodeGreeting(frame.payload)) : corrupt('a greeting')
  if (theirs instanceof RaftError) {
    reportStranger(context, channel, 'in')
    channel.close()
    return
  }
  const own = context.events.hello()
  const reason = judgeGreeting(own, theirs, hello => context.events.admit(hello))
  if (reason !== undefined || theirs === undefined) {
    const refusal = reason ?? 'other-version'
    reportRefusal(context, channel, { theirs: theirs?.hello, reason: refusal, direction: 'in', by: 'us' })
    channel.finishFrame(frameType.refusal, encodeRefusal(refusal, own))
    return
  }
  settle()
  channel.write(frameType.hello, encodeGreeting({ hello: own, expects: theirs.hello.nodeId, purpose: theirs.purpose }))
  channel.establish(accepted(channel, own, theirs))
}

function dismiss(context: TransportContext, channel: Channel, { fault, head }: FrameFault): void {
  if (fault !== 'version') {
    reportStranger(context, channel, 'in')
    dismissStranger(channel, head)
    return
  }
  reportRefusal(context, channel, { theirs: undefined, reason: 'other-version', direction: 'in', by: 'us' })
  channel.finishFrame(frameType.refusal, encodeRefusal('other-version', context.events.hello()))
}
