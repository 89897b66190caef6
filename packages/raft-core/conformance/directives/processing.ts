import { showId } from '../ids.ts'
import type { Output } from '../output.ts'
import { handleReady, processAppend, processApply } from '../perform.ts'
import type { Node, World } from '../world.ts'
import { receive } from './delivery.ts'
import { type Directives, forEachNamed, namedNodes } from './directive.ts'

/** Performing what nodes ask for: one step of it, or all until nothing changes. */
export const processingDirectives: Directives = {
  'process-ready': (world, block, out) => forEachNamed(world, block, out, readyHeader, node => handleReady(world, node, out)),
  'process-append-thread': (world, block, out) => forEachNamed(world, block, out, appendHeader, node => processAppend(world, node, out)),
  'process-apply-thread': (world, block, out) => forEachNamed(world, block, out, applyHeader, node => processApply(world, node, out)),
  stabilize: (world, block, out) => {
    const level = block.options.get('log-level')
    if (level !== undefined) out.silent = level === 'none'
    const nodes = block.args.length > 0 ? namedNodes(world, block) : [...world.nodes.values()]
    stabilize(world, nodes, out)
  },
}

const readyHeader = ({ id }: Node) => `> ${showId(id)} handling Ready`
const receiveHeader = ({ id }: Node) => `> ${showId(id)} receiving messages`
const appendHeader = ({ id }: Node) => `> ${showId(id)} processing append thread`
const applyHeader = ({ id }: Node) => `> ${showId(id)} processing apply thread`

/** More rounds than any transcript needs: cores that keep each other busy for ever are a failure, not a hang. */
const roundsMax = 10_000

function stabilize(world: World, nodes: readonly Node[], out: Output): void {
  for (let round = 0; round < roundsMax; round++) {
    if (!stabilizeOnce(world, nodes, out)) return
  }
  throw new Error(`not stable after ${roundsMax} rounds`)
}

/** One round. Says whether anything happened. */
function stabilizeOnce(world: World, nodes: readonly Node[], out: Output): boolean {
  const ready = nodes.filter(({ raft }) => raft.hasReady())
  for (const node of ready) out.under(readyHeader(node), () => handleReady(world, node, out))

  const addressed = nodes.filter(({ id }) => world.bag.some(({ to }) => to === id))
  for (const node of addressed) out.under(receiveHeader(node), () => receive(world, node, out))

  const saving = nodes.filter(({ appendThread }) => appendThread.length > 0)
  for (const node of saving) out.under(appendHeader(node), () => drain(node.appendThread, () => processAppend(world, node, out)))

  const applying = nodes.filter(({ applyThread }) => applyThread.length > 0)
  for (const node of applying) out.under(applyHeader(node), () => drain(node.applyThread, () => processApply(world, node, out)))

  return [ready, addressed, saving, applying].some(busy => busy.length > 0)
}

function drain(queue: readonly unknown[], step: () => void): void {
  while (queue.length > 0) step()
}
