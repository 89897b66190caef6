import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url))

/** Three nodes, whose ticks and messages are all there is; runs inside the context, with the bundle as `core`. */
function elect(core: typeof import('../src/index.ts')): string[] {
  const ids = ['n1', 'n2', 'n3']
  const snapshot = { term: 1, index: 1, membership: { ...core.noMembers, voters: ids }, data: new Uint8Array() }
  const nodes = ids.map((id, at) => core.createRaft({ id, random: () => at / 10, restored: { snapshot } }))
  const applied: string[] = []
  const settle = () => {
    for (let busy = true; busy; ) {
      busy = false
      for (const node of nodes) {
        if (!node.hasReady()) continue
        busy = true
        const ready = node.ready()
        for (const entry of ready.apply) if (entry.type === 'command') applied.push(`${node.id} applies ${entry.data.join()}`)
        node.advance(ready)
        for (const message of [...ready.send, ...ready.sendAfterSave]) nodes.find(({ id }) => id === message.to)?.step(message)
      }
    }
  }
  for (let ticks = 0; ticks < 10; ticks++) nodes[0]!.tick()
  settle()
  nodes[0]!.propose(Uint8Array.of(1, 2, 3))
  settle()
  return [...nodes.map(({ id, role, leader }) => `${id} ${role} ${leader}`), ...applied.sort()]
}

/** A log of some MiB is compacted, and what is left is there. */
function compacted(core: typeof import('../src/index.ts')): string {
  const membership = { ...core.noMembers, voters: ['n1'] }
  const snapshot = { term: 1, index: 1, membership, data: new Uint8Array() }
  const node = core.createRaft({ id: 'n1', random: () => 0, restored: { snapshot } })
  node.campaign()
  while (node.applied < 4_000) {
    while (node.hasReady()) node.advance(node.ready())
    if (node.role === 'leader') node.propose(new Uint8Array(1_000).fill(node.applied))
  }
  node.snapshotTaken({ ...snapshot, index: 3_000 })
  node.compact(3_000)
  const entries = node.entries(1, 4_000)
  return `${entries.length} from ${entries[0]!.index}, ${entries.every(({ index, term }, at) => index === 3_001 + at && term === 1)}`
}

test('bundled for the browser, it holds an election where there are no globals but those of the language', async () => {
  const { outputFiles, warnings } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'core',
    write: false,
    minify: true,
  })
  expect(warnings).toEqual([])
  const code = outputFiles[0]!.text
  // No console, no timers, no process, no crypto: only what ECMAScript itself brings. And neither a clock nor chance.
  const context = createContext({})
  runInContext('delete globalThis.Date; delete Math.random; delete globalThis.console; delete globalThis.WebAssembly', context)
  const result = runInContext(`${code}; (${elect.toString()})(core)`, context) as string[]
  expect([...result]).toEqual([
    'n1 leader n1',
    'n2 follower n1',
    'n3 follower n1',
    'n1 applies 1,2,3',
    'n2 applies 1,2,3',
    'n3 applies 1,2,3',
  ])
  runInContext('delete ArrayBuffer.prototype.resize', context) // some have none
  expect(runInContext(`(${compacted.toString()})(core)`, context)).toBe('1000 from 3001, true')
  expect(code.length, 'bytes, minified').toBeLessThan(64 * 1024)
})

test('the bundle holds nothing but the core', async () => {
  const absWorkingDir = fileURLToPath(new URL('..', import.meta.url))
  const { metafile } = await build({ entryPoints: [entry], absWorkingDir, bundle: true, format: 'esm', write: false, metafile: true })
  expect(Object.keys(metafile.inputs).filter(path => !path.startsWith('src/'))).toEqual([])
})

test('what is not used is left out of a bundle', async () => {
  const stdin = { contents: `export { formatPosition } from ${JSON.stringify(entry)}`, resolveDir: '.' }
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', write: false, minify: true })
  expect(outputFiles[0]!.text.length).toBeLessThan(4 * 1024)
})
