import type { JoinRequest, NodeEvent, NodeOptions } from '../../src/api.ts'
import { RaftNode } from '../../src/raft-node.ts'
import { MemoryDisk } from './memory-disk.ts'
import { MemoryNetwork } from './memory-network.ts'
import { Register } from './register.ts'
import { VirtualClock } from './virtual-clock.ts'

export type Member = {
  readonly name: string
  readonly disk: MemoryDisk
  readonly register: Register
  readonly node: RaftNode<string>
  readonly events: NodeEvent[]
}

type StartOptions = Partial<NodeOptions<string>> & { readonly address?: string }

/** Production nodes in a world of their own: virtual time, memory disks, an in-process network. */
export class Cluster {
  readonly clock: VirtualClock
  readonly network: MemoryNetwork
  readonly members = new Map<string, Member>()
  readonly disks = new Map<string, MemoryDisk>()

  constructor(seed?: number) {
    this.clock = new VirtualClock(seed)
    this.network = new MemoryNetwork(this.clock)
  }

  async start(name: string, options: StartOptions = {}): Promise<Member> {
    return this.clock.outcome(this.begin(name, options))
  }

  async begin(name: string, { address = `${name}:1`, ...options }: StartOptions = {}): Promise<Member> {
    const disk = this.disks.get(name) ?? new MemoryDisk(this.clock)
    this.disks.set(name, disk)
    const register = new Register()
    const events: NodeEvent[] = []
    const node = await RaftNode.open<string>(
      {
        id: name,
        dir: name,
        listen: address,
        stateMachine: register,
        resultCodec: Register.codec,
        onEvent: event => events.push(event),
        ...options,
      },
      { clock: this.clock, transport: this.network.transport(address), ...disk.stores(), setAside: async () => disk.emptied().stores() },
    )
    const member = { name, disk, register, node, events }
    this.members.set(name, member)
    return member
  }

  /** A cluster of so many voters, the first of which leads. */
  async found(count: number, options: StartOptions = {}): Promise<Member[]> {
    const first = await this.start('n1', { ...options, bootstrap: true })
    await this.clock.outcome(first.node.waitForLeader())
    for (let number = 2; number <= count; number++) await this.join(`n${number}`, first, options)
    const everybody = [...this.members.values()]
    await this.clock.until(() => everybody.every(({ node }) => node.status().membership.voters.length === count))
    return everybody
  }

  join(name: string, through: Member, options: StartOptions = {}): Promise<Member> {
    return this.start(name, { ...options, join: (request: JoinRequest) => through.node.membership.join(request) })
  }

  /** As by `kill -9`: what was not saved is gone. */
  kill(name: string): void {
    const member = this.member(name)
    member.disk.crash()
    void this.network.at(member.node.status().address)?.close()
    this.members.delete(name)
    // The object lives on in this process; it must not reach anything.
    void member.node.close({ transfer: false })
  }

  wipe(name: string): void {
    this.disks.delete(name)
  }

  member(name: string): Member {
    const found = this.members.get(name)
    if (found === undefined) throw new Error(`${name} is not running`)
    return found
  }

  leader(): Member {
    const leading = [...this.members.values()].filter(({ node }) => node.status().role === 'leader')
    const newest = leading.sort((a, b) => b.node.status().term - a.node.status().term)[0]
    if (newest === undefined) throw new Error('nobody leads')
    return newest
  }

  async newLeader(): Promise<Member> {
    await this.clock.until(() => [...this.members.values()].some(({ node }) => node.status().role === 'leader'))
    return this.leader()
  }

  async set(member: Member, text: string): Promise<string> {
    return (await this.clock.outcome(member.node.apply(Register.command(text)))).result
  }

  async get(member: Member): Promise<readonly string[]> {
    await this.clock.outcome(member.node.read())
    return member.register.applied
  }

  async closeAll(): Promise<void> {
    await this.clock.outcome(Promise.all([...this.members.values()].map(({ node }) => node.close())))
  }
}
