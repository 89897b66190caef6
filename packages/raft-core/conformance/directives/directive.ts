import type { Block } from '../blocks.ts'
import type { Output } from '../output.ts'
import type { Node, World } from '../world.ts'

/** What one directive does to the world, and prints. */
export type Directive = (world: World, block: Block, out: Output) => void
export type Directives = Readonly<Record<string, Directive>>

/** The nodes that the directive names, in the order in which it names them. */
export function namedNodes(world: World, block: Block): Node[] {
  return block.args.map(arg => world.node(arg))
}

/** Does something for each node named: plainly for one, under a header each for several. */
export function forEachNamed(world: World, block: Block, out: Output, header: (node: Node) => string, body: (node: Node) => void): void {
  const nodes = namedNodes(world, block)
  for (const node of nodes) {
    if (nodes.length === 1) body(node)
    else out.under(header(node), () => body(node))
  }
}
