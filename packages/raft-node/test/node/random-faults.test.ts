import { expect, test } from 'vitest'
import { Cluster, type Member } from './cluster.ts'
import { Register } from './register.ts'

const names = ['n1', 'n2', 'n3']
const options = { snapshotEntries: 8, trailingEntries: 3 }
const seeds = Number(process.env.SEEDS ?? 4)
const firstSeed = Number(process.env.SEED ?? 1)

/** A short life under faults; raft-sim does this at length, with more faults and every invariant. */
class Life {
  readonly cluster: Cluster
  readonly acknowledged: string[] = []
  readonly refused: string[] = []
  readonly open = new Set<Promise<unknown>>()
  written = 0
  stale: string[] = []

  constructor(seed: number) {
    this.cluster = new Cluster(seed)
  }

  async run(steps: number): Promise<void> {
    await this.cluster.found(3, options)
    for (let step = 0; step < steps; step++) {
      await this.disturb()
      await this.cluster.clock.run(this.dice(60))
    }
    this.cluster.network.heal()
    for (const name of names) if (!this.cluster.members.has(name)) await this.restart(name)
    await this.cluster.clock.outcome(Promise.allSettled(this.open), 60_000)
  }

  async disturb(): Promise<void> {
    const what = this.dice(20)
    const name = this.oneOf(names)
    const member = this.cluster.members.get(name)
    if (what < 10 && member) this.write(member)
    else if (what < 13 && member) this.read(member)
    else if (what === 13 && member) this.cluster.kill(name)
    else if (what === 14 && member) await this.leave(name, member)
    else if (what === 15) this.cluster.network.cut(`${name}:1`, `${this.oneOf(names)}:1`)
    else if (what === 16) this.cluster.network.heal()
    else if (what === 17 && member) member.node.transferLeadership({ timeoutMs: 500 }).catch(() => {})
    else if (member === undefined) await this.restart(name)
  }

  write(member: Member): void {
    const text = `w${++this.written}`
    const done = member.node.apply(Register.command(text), { timeoutMs: 2_000 }).then(
      () => this.acknowledged.push(text),
      error => error.outcome === 'not-applied' && this.refused.push(text),
    )
    this.open.add(done)
  }

  read(member: Member): void {
    const before = [...this.acknowledged]
    const done = member.node.read({ timeoutMs: 2_000 }).then(
      () => {
        const seen = new Set(member.register.applied)
        this.stale.push(...before.filter(text => !seen.has(text)))
      },
      () => {},
    )
    this.open.add(done)
  }

  async leave(name: string, member: Member): Promise<void> {
    await this.cluster.clock.outcome(member.node.close(), 2_000)
    this.cluster.members.delete(name)
  }

  async restart(name: string): Promise<void> {
    await this.cluster.start(name, options)
  }

  dice(sides: number): number {
    return Math.floor(this.cluster.clock.random() * sides)
  }

  oneOf<T>(list: readonly T[]): T {
    return list[this.dice(list.length)] as T
  }
}

test.each(Array.from({ length: seeds }, (_, at) => firstSeed + at))(
  'seed %i: nothing acknowledged is lost, nothing refused appears, reads are fresh',
  async seed => {
    const life = new Life(seed)
    await life.run(120)
    const { cluster } = life
    const final = await cluster.newLeader()
    await cluster.set(final, 'end')
    const order = [...(await cluster.get(final))]
    expect(new Set(order).size).toBe(order.length)
    expect(life.acknowledged.filter(text => !order.includes(text))).toEqual([])
    expect(life.refused.filter(text => order.includes(text))).toEqual([])
    expect(life.stale).toEqual([])
    await cluster.clock.until(() => [...cluster.members.values()].every(({ register }) => register.applied.length === order.length))
    for (const { register, node } of cluster.members.values()) {
      expect(register.applied).toEqual(order)
      expect(node.status().fault).toBeUndefined()
    }
    expect(life.acknowledged.length).toBeGreaterThan(10)
    await cluster.closeAll()
  },
)
