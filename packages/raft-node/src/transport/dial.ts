import type { NodeId } from 'raft-core'
import { RaftError } from '../errors.ts'
import type { Hello } from '../ports.ts'
import type { Channel, ChannelEvents } from './channel.ts'
import { openChannel, reportRefusal, reportStranger, reportTurnedAway, type TransportContext } from './context.ts'
import { type Frame, frameType } from './frame.ts'
import { decodeGreeting, decodeRefusal, encodeGreeting, encodeRefusal, type Greeting, judgeGreeting, type Purpose } from './handshake.ts'
import { isMistrust } from './peer-certificates.ts'
import { attempt } from './tuple.ts'

export type DialTarget = { readonly id: NodeId; readonly address: string; readonly purpose: Purpose }

export type DialEvents = {
  /** Both sides have agreed; returns who receives the frames from now on. */
  connected(): ChannelEvents
  /** Instead of `connected`. `refused`: nobody listens there. */
  failed(refused: boolean): void
}

/** Connects to a peer and greets it. Exactly one of the events is called, later, unless `close` of the channel comes first: then `failed`. */
export function dial(context: TransportContext, target: DialTarget, events: DialEvents): Channel {
  const own = context.events.hello()
  const { settings } = context
  const socket = settings.sockets.connect(target.address, () => {
    channel.write(frameType.hello, encodeGreeting({ hello: own, expects: target.id, purpose: target.purpose }))
  })
  const channel = openChannel(context, socket, target.address, {
    frame: frame => answered(context, channel, { frame, own, target, events, settle: () => timer.cancel() }),
    fault: ({ fault }) => {
      if (fault === 'version') reportRefusal(context, channel, { theirs: undefined, reason: 'other-version', direction: 'out', by: 'us' })
      else reportStranger(context, channel, 'out')
      channel.close()
    },
    closed: cause => {
      timer.cancel()
      if (isMistrust(cause)) reportTurnedAway(context, target.address, 'not-a-peer', 'out')
      events.failed(cause?.code === 'ECONNREFUSED')
    },
  })
  const timer = settings.clock.after(settings.handshakeTimeoutMs, () => channel.close())
  return channel
}

type Answer = { readonly frame: Frame; readonly own: Hello; readonly target: DialTarget; readonly events: DialEvents; settle(): void }

function answered(context: TransportContext, channel: Channel, answer: Answer): void {
  const { type, payload } = answer.frame
  if (type === frameType.hello) {
    judge(context, channel, { ...answer, greeting: attempt(() => decodeGreeting(payload)) })
    return
  }
  const notice = type === frameType.refusal ? attempt(() => decodeRefusal(payload)) : undefined
  if (notice === undefined || notice instanceof RaftError) reportStranger(context, channel, 'out')
  else reportRefusal(context, channel, { ...notice, direction: 'out', by: 'them' })
  channel.close()
}

type JudgedAnswer = Answer & { readonly greeting: Greeting | RaftError | undefined }

function judge(context: TransportContext, channel: Channel, { greeting, own, target, events, settle }: JudgedAnswer): void {
  if (greeting instanceof RaftError) {
    reportStranger(context, channel, 'out')
    channel.close()
    return
  }
  const isOther = greeting !== undefined && greeting.hello.nodeId !== target.id
  const reason = judgeGreeting(own, greeting, hello => (isOther ? 'other-node' : context.events.admit(hello)))
  if (reason !== undefined) {
    reportRefusal(context, channel, { theirs: greeting?.hello, reason, direction: 'out', by: 'us' })
    channel.finishFrame(frameType.refusal, encodeRefusal(reason, own))
    return
  }
  settle()
  channel.establish(events.connected())
}
