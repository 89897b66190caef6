import { type Block, parseBlocks } from './blocks.ts'
import { directives } from './directives/index.ts'
import { Output } from './output.ts'
import { World } from './world.ts'

/** The first block of a transcript that printed something else than it should. */
export type Mismatch = { readonly block: Block; readonly expected: readonly string[]; readonly actual: readonly string[] }

/** Plays a transcript up to its first mismatch; undefined when there is none. */
export function play(text: string): Mismatch | undefined {
  const world = new World()
  const blocks = parseBlocks(text)
  if (blocks.length === 0) throw new Error('the file holds no directives')
  for (const block of blocks) {
    const expected = block.expected ?? ['(the block has no line "----")']
    const actual = perform(world, block)
    if (actual.length !== expected.length || actual.some((line, at) => line !== expected[at])) return { block, expected, actual }
  }
  return undefined
}

function perform(world: World, block: Block): readonly string[] {
  const out = new Output(world.silent)
  try {
    const directive = directives[block.name]
    if (directive === undefined) throw new Error(`no such directive: ${block.name}`)
    directive(world, block, out)
    return out.finish().map(line => line.trimEnd())
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return [...out.finish(), ...text.split('\n').slice(0, 12)]
  }
}
