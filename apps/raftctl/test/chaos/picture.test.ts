import { expect, test } from 'vitest'
import type { ChaosNode } from '../../src/chaos/chaos-node.ts'
import { picture } from '../../src/chaos/picture.ts'
import { Rate } from '../../src/chaos/rate.ts'
import { Roles } from '../../src/chaos/roles.ts'

test('the picture keeps its height, whatever is in force', () => {
  const rate = new Rate()
  for (const total of [100, 100, 500]) rate.tick(total)
  const scene = (faults: number) => ({
    seed: 7,
    elapsedMs: 61_000,
    durationMs: 180_000,
    clients: 8,
    nodes: [
      { id: 'n1', state: 'up' },
      { id: 'n2', state: 'paused' },
    ] as unknown as readonly ChaosNode[],
    roles: new Roles(),
    active: Array.from({ length: faults }, (_, at) => ({ name: 'pause', what: `fault ${at}`, begunMs: 60_000, endMs: 62_500 })),
    summary: { injected: { kill: 2, pause: 1 }, overlapping: 3 },
    counts: { done: 1_500, reads: 700, unknown: 3, refused: 20 },
    rate,
  })
  const lines = picture(scene(2))
  expect(picture(scene(0))).toHaveLength(lines.length)
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "chaos, seed 7   1:01 of 3:00   2 nodes, 8 clients

    NODE  PROCESS  ROLE  TERM  APPLIED
    n1    up          -     -        -
    n2    paused      -     -        -

    operations a second                                      ▂ █  400 now, 167 on average
    1,500 done, 3 of unknown outcome, 20 refused

    faults in force: 2
      fault 0                                                    1.5 s more
      fault 1                                                    1.5 s more







    injected: kill 2, pause 1; at most 3 at once"
  `)
})
