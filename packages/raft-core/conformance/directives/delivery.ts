import type { Message } from '../../src/messages.ts'
import { parseList } from '../blocks.ts'
import { nodeId } from '../ids.ts'
import type { Output } from '../output.ts'
import { deliver } from '../perform.ts'
import { showWire } from '../printing.ts'
import { wireOfParcel } from '../translation.ts'
import type { Node, Parcel, World } from '../world.ts'
import type { Directives } from './directive.ts'

/** What happens to messages on their way. */
export const deliveryDirectives: Directives = {
  'deliver-msgs': (world, { args, options }, out) => {
    const type = options.get('type')
    const named = args.map(arg => deliverTo(world, arg, type, out))
    const dropped = parseList(options.get('drop') ?? '').map(number => drop(world, number, type, out))
    if (![...named, ...dropped].some(any => any)) out.line('no messages')
  },
  'send-snapshot': (world, { args }, out) => {
    const { id, raft, record } = world.node(args[0])
    const message: Message = { type: 'installSnapshot', from: id, to: nodeId(args[1] ?? 0), term: raft.term, session: 0, snapshot: record }
    const parcel: Parcel = { type: 'message', to: message.to, message, own: false }
    world.bag.push(parcel)
    out.line(...showWire(wireOfParcel(parcel)))
  },
}

function deliverTo(world: World, number: string, type: string | undefined, out: Output): boolean {
  const node = world.nodes.get(nodeId(number))
  return node !== undefined && receive(world, node, out, type)
}

/** Delivers what the bag holds for a node. Says whether there was anything. */
export function receive(world: World, node: Node, out: Output, type?: string): boolean {
  const parcels = world.take(parcel => parcel.to === node.id && isOf(parcel, type))
  for (const parcel of parcels) {
    out.line(...showWire(wireOfParcel(parcel)))
    deliver(node, parcel, out)
  }
  return parcels.length > 0
}

function drop(world: World, number: string, type: string | undefined, out: Output): boolean {
  const parcels = world.take(parcel => parcel.to === nodeId(number) && isOf(parcel, type) && !isLocal(parcel))
  for (const parcel of parcels) {
    const [head, ...rest] = showWire(wireOfParcel(parcel))
    out.line(`dropped: ${head}`, ...rest)
  }
  return parcels.length > 0
}

function isOf(parcel: Parcel, type: string | undefined): boolean {
  return type === undefined || wireOfParcel(parcel).name === type
}

/** From a node's own storage, or from itself: no network lies between that could lose it. */
function isLocal(parcel: Parcel): boolean {
  const { from, to } = wireOfParcel(parcel)
  return parcel.type !== 'message' || from === to
}
