import { describe, expect, test } from 'vitest'
import type { NodeEvent } from '../../src/api.ts'
import { EventHub } from '../../src/event-hub.ts'
import { LogAge } from '../../src/log-age.ts'
import { MetricsRegistry } from '../../src/metrics.ts'
import { Cluster } from './cluster.ts'
import { Register } from './register.ts'

describe('whoever watches a node', () => {
  test('hears of leadership and membership as they are and as they change, until the node is closed', async () => {
    const cluster = new Cluster()
    const [n1, n2] = await cluster.found(2)
    const leaders: (string | undefined)[] = []
    const voters: string[] = []
    const follow = async () => {
      for await (const { leader } of n2!.node.leadership()) leaders.push(leader)
    }
    const count = async () => {
      for await (const { membership } of n2!.node.membership.changes()) voters.push(membership.voters.join())
    }
    const done = Promise.all([follow(), count()])
    await cluster.clock.run(10)
    await cluster.join('n3', n1!)
    await cluster.clock.until(() => n2!.node.status().membership.voters.length === 3)
    await cluster.clock.outcome(n1!.node.transferLeadership({ target: 'n2' }))
    await cluster.clock.run(100)
    await cluster.closeAll()
    await cluster.clock.outcome(done)
    expect(leaders[0]).toBe('n1')
    expect(leaders).toContain('n2')
    expect([voters[0], voters.at(-1)]).toEqual(['n1,n2', 'n1,n2,n3'])
  })

  test('a signal ends an iteration', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    const controller = new AbortController()
    const read = async () => {
      for await (const _ of n1!.node.events({ signal: controller.signal }));
      for await (const _ of n1!.node.leadership({ signal: controller.signal }));
      return 'ended'
    }
    const reading = read()
    await cluster.clock.run(10)
    controller.abort()
    expect(await cluster.clock.outcome(reading)).toBe('ended')
    await cluster.closeAll()
  })

  test('listeners hear events of their type; one that throws harms nobody', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    const heard: number[] = []
    n1!.node.on('snapshot', () => {
      throw new Error('mine')
    })
    const stop = n1!.node.on('snapshot', ({ index }) => heard.push(index))
    await cluster.set(n1!, 'a')
    const index = await cluster.clock.outcome(n1!.node.snapshot())
    stop()
    await cluster.set(n1!, 'b')
    await cluster.clock.outcome(n1!.node.snapshot())
    expect(heard).toEqual([index])
    await cluster.closeAll()
  })

  test('a reader that is too slow loses the oldest events and hears how many', async () => {
    const hub = new EventHub()
    const events = hub.read({})
    const first = events.next()
    for (let index = 0; index <= 1_005; index++) hub.emit({ type: 'snapshot', index, cause: 'taken' })
    hub.end()
    expect((await first).value).toEqual({ type: 'dropped', count: 6 })
    const rest: NodeEvent[] = []
    for await (const event of events) if (event.type === 'snapshot') rest.push(event)
    expect(rest.length).toBe(1_000)
  })

  test('a logger gets one line for each event', async () => {
    const lines: string[] = []
    const line = (_: object, message: string) => lines.push(message)
    const cluster = new Cluster()
    const [n1] = await cluster.found(1, { logger: { info: line, warn: line, error: line } })
    await cluster.clock.outcome(n1!.node.snapshot())
    expect(lines).toContain('raft: leader in term 2, n1 leads')
    expect(lines.some(text => text.startsWith('raft: members at 1: n1'))).toBe(true)
    await cluster.closeAll()
  })

  test('the trace says what the core does, and why', async () => {
    const seen = new Set<string>()
    const cluster = new Cluster()
    await cluster.found(1, { trace: event => seen.add(event.type) })
    expect(seen.size).toBeGreaterThan(2)
    await cluster.closeAll()
  })
})

describe('waiting', () => {
  test('for an index that is applied, on whichever member, and for the proof of leadership', async () => {
    const cluster = new Cluster()
    const [n1, n2, n3] = await cluster.found(3)
    const { index } = await cluster.clock.outcome(n1!.node.apply(Register.command('a')))
    expect(await cluster.clock.outcome(n3!.node.waitForApplied(index))).toBeGreaterThanOrEqual(index)
    await expect(cluster.clock.outcome(n3!.node.waitForApplied(index + 99, { timeoutMs: 50 }))).rejects.toMatchObject({ code: 'TIMED_OUT' })
    const gone = AbortSignal.abort()
    await expect(n3!.node.waitForApplied(index + 99, { signal: gone })).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' })
    expect(await cluster.clock.outcome(n1!.node.verifyLeader())).toBe(n1!.node.term)
    await expect(cluster.clock.outcome(n2!.node.verifyLeader())).rejects.toMatchObject({ code: 'NOT_LEADER', leader: { id: 'n1' } })
    for (const name of ['n2', 'n3']) cluster.kill(name)
    await expect(cluster.clock.outcome(n1!.node.verifyLeader({ timeoutMs: 3_000 }))).rejects.toMatchObject({ outcome: 'not-applied' })
    await cluster.clock.outcome(n1!.node.close())
  })
})

describe('settings that change while a node runs', () => {
  test('take effect at once; what cannot work or takes a restart is refused, and nothing changes', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(1)
    expect(() => n1!.node.reconfigure({ snapshotEntries: 5, trailingEntries: -1 })).toThrow('trailingEntries')
    expect(() => n1!.node.reconfigure({ electionTicks: 5 } as object)).toThrow('electionTicks cannot change while the node runs')
    for (let i = 0; i < 10; i++) await cluster.set(n1!, 'a')
    const before = n1!.node.status().snapshotIndex
    n1!.node.reconfigure({ snapshotEntries: 5, trailingEntries: 0 })
    await cluster.set(n1!, 'b')
    await cluster.clock.until(() => n1!.node.status().snapshotIndex > before)
    await cluster.closeAll()
  })
})

describe('metrics', () => {
  test('count what happens, and print as Prometheus reads it', async () => {
    const cluster = new Cluster()
    const [n1] = await cluster.found(3)
    await cluster.clock.outcome(Promise.all(['a', 'b', 'c'].map(text => n1!.node.apply(Register.command(text)))))
    const value = (name: string, suffix = '') =>
      n1!.node.metrics
        .collect()
        .find(family => family.name === name)
        ?.samples.find(sample => sample.suffix === suffix)?.value
    expect(value('raft_proposals_total')).toBe(3)
    expect(value('raft_apply_duration_seconds', '_count')).toBe(1) // of one turn
    expect(value('raft_save_duration_seconds', '_count')).toBeGreaterThan(0)
    expect(value('raft_pending_callers')).toBe(0)
    expect(value('raft_is_leader')).toBe(1)
    expect(n1!.node.metrics.prometheus()).toMatch(/^raft_applied_index \d+$/m)
    await cluster.closeAll()
  })

  test('a histogram holds each value in its bucket and all above it; names are taken once', () => {
    const registry = new MetricsRegistry()
    const histogram = registry.histogram('h', 'help', [1, 5])
    for (const each of [0.5, 1, 3, 9]) histogram.observe(each)
    expect(registry.prometheus().split('\n')).toEqual([
      '# HELP h help',
      '# TYPE h histogram',
      'h_bucket{le="1"} 2',
      'h_bucket{le="5"} 3',
      'h_bucket{le="+Inf"} 4',
      'h_sum 13.5',
      'h_count 4',
      '',
    ])
    expect(() => registry.counter('h', 'again')).toThrow('there is a metric h already')
  })

  test('the age of the oldest entry is known, however long the log', () => {
    let now = 0
    const age = new LogAge({ now: () => now, after: () => ({ cancel() {} }), random: () => 0, uniqueId: () => '' })
    for (let index = 1; index <= 5_000; index++) {
      now += 1_000
      age.look(index)
    }
    expect(age.of(4_990)).toBeLessThanOrEqual(10)
    expect(age.of(4_990)).toBeGreaterThanOrEqual(0)
    expect(age.of(6_000)).toBeUndefined()
  })
})
