import type { Random } from '../random.ts'
import type { Driver } from './driver.ts'
import { recur } from './nemesis.ts'
import type { SimNode } from './node.ts'
import type { World } from './world.ts'

/** Those who use the cluster, and those who operate it: they ask any node, most often the one that they think leads. */
export class Clients {
  readonly #world: World
  readonly #random: Random
  #commands = 0
  #reads = 0

  constructor(world: World) {
    this.#world = world
    this.#random = world.random.fork('clients')
  }

  start(): void {
    const { scenario, faults } = this.#world
    const again = (everyMs: number | undefined, act: (node: SimNode) => void) => {
      if (everyMs === undefined) return
      recur(this.#world, this.#random, everyMs, () => {
        const node = this.#someone()
        if (node !== undefined) act(node)
      })
    }
    again(scenario.writeMs, node => this.write(node))
    recur(this.#world, this.#random, scenario.readMs, () => {
      const node = this.#random.chance(0.3) ? this.#anybody() : this.#someone()
      if (node !== undefined) this.read(node)
    })
    again(faults.transferMs, node => this.#transfer(node))
    again(faults.forgetMs, node => this.#forget(node))
    again(faults.campaignMs, node => this.#campaign(node))
  }

  /** Calls `done` once it is applied where it was proposed. */
  write(node: SimNode, done: () => void = () => {}): void {
    const { journal, schedule, coverage } = this.#world
    const count = this.#random.chance(0.1) ? this.#random.between(2, 5) : 1
    const commands = Array.from({ length: count }, () => this.#command())
    journal.record(
      'write',
      schedule.now,
      node,
      count,
      this.#commands,
      () => `${count} command${count > 1 ? 's' : ''} to number ${this.#commands}`,
    )
    const driver = node.driver!
    const result = driver.input(core => {
      const result = count === 1 ? core.propose(commands[0]!) : core.proposeAll(commands)
      if (result.accepted === true) {
        driver.callers.awaitWrite(result.term, result.index + count - 1, () => {
          coverage.saw('committed write')
          done()
        })
      }
      return result
    })
    if (result.accepted === false) coverage.saw('refused proposal')
  }

  /** A process that stands still takes it once it goes on, before whatever arrives after it. */
  read(node: SimNode, done: () => void = () => {}): void {
    const { journal, schedule } = this.#world
    const context = `r${++this.#reads}`
    journal.record('read', schedule.now, node, this.#reads, 0, () => context)
    const driver = node.driver!
    node.whenAwake(driver, () => this.#ask(node, driver, context, done))
  }
  #ask(node: SimNode, driver: Driver, context: string, done: () => void): void {
    const { scenario } = this.#world
    // At the moment of reading, which may be long after the last tick.
    const leaseAt = scenario.options.leaseDuration > 0 && this.#random.chance(0.7) ? node.clock() : undefined
    driver.callers.awaitRead(context, leaseAt !== undefined, done)
    if (!driver.input(core => core.read(context, leaseAt)).accepted) driver.callers.giveUp(context)
  }

  #transfer(node: SimNode): void {
    const { journal, schedule, coverage, observer } = this.#world
    const target = this.#random.pick([...observer.ghost.nodes.keys()])
    journal.record('transfer', schedule.now, node, Number(target.slice(1)), 0, () => `to ${target}`)
    observer.transferAsked(node.ghost)
    observer.transferAsked(node.ghost)
    if (node.driver!.input(core => core.transferLeadership(target)).accepted) coverage.saw('transfer')
  }
  #forget(node: SimNode): void {
    const { journal, schedule, coverage } = this.#world
    journal.record('forget', schedule.now, node, 0, 0, () => '')
    coverage.saw('forgotten leader')
    node.driver!.input(core => core.forgetLeader())
  }
  /** As nodes do when the connection to their leader is refused: often several at once, so that votes split. */
  #campaign(node: SimNode): void {
    this.#campaignOn(node)
    for (const other of this.#world.up()) if (this.#random.chance(0.3)) this.#campaignOn(other)
  }
  #campaignOn(node: SimNode): void {
    const { journal, schedule } = this.#world
    journal.record('forget', schedule.now, node, 1, 0, () => 'and campaign')
    node.driver!.input(core => core.forgetLeader())
    node.driver!.input(core => core.campaign())
  }

  /** Most ask the leader, some a node that led before, some just anybody. */
  #someone(): SimNode | undefined {
    const leader = this.#world.leader()
    if (leader !== undefined && this.#random.chance(0.75)) return leader
    const up = this.#world.up()
    return up.length === 0 ? undefined : this.#random.pick(up)
  }

  /** Also one that stands still. */
  #anybody(): SimNode | undefined {
    const running = [...this.#world.nodes.values()].filter(node => node.isUp)
    return running.length === 0 ? undefined : this.#random.pick(running)
  }

  #command(): Uint8Array {
    const data = new Uint8Array(this.#random.chance(0.1) ? this.#random.between(4, 200) : 8)
    new DataView(data.buffer).setUint32(0, ++this.#commands)
    return data
  }
}
