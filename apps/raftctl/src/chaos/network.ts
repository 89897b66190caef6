import { Link } from './link.ts'

/** A link for each ordered pair of nodes. */
export class Network {
  readonly #links = new Map<string, Link>()
  readonly #nodes: readonly string[]

  private constructor(nodes: readonly string[]) {
    this.#nodes = nodes
  }

  /** `ports`: where each node listens for the others, by id. Links to nodes that do not run yet refuse connections. */
  static async make(ports: ReadonlyMap<string, number>): Promise<Network> {
    const network = new Network([...ports.keys()])
    for (const [to, port] of ports) {
      for (const from of network.#nodes) {
        if (from === to) continue
        const link = new Link('127.0.0.1', port)
        network.#links.set(name(from, to), link)
        await link.prepare()
      }
    }
    return network
  }

  link(from: string, to: string): Link {
    const link = this.#links.get(name(from, to))
    if (link === undefined) throw new Error(`there is no link from ${from} to ${to}`)
    return link
  }

  /** Whoever dials `id` is let through from now on, or refused. */
  async reachable(id: string, is: boolean): Promise<void> {
    await Promise.all(this.others(id).map(other => this.link(other, id).refuse('dead', !is)))
  }

  /** Between the two, both ways: nothing connected, nothing to be connected. */
  async cut(a: string, b: string, is: boolean): Promise<void> {
    await Promise.all([this.link(a, b).refuse('cut', is), this.link(b, a).refuse('cut', is)])
  }

  /** Bytes from `from` reach `to`, on whichever connection of the two, or wait. */
  block(from: string, to: string, blocked: boolean): void {
    this.link(from, to).there = { blocked }
    this.link(to, from).back = { blocked }
  }

  delay(from: string, to: string, delayMs: number): void {
    this.link(from, to).there = { delayMs }
    this.link(to, from).back = { delayMs }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#links.values()].map(link => link.refuse('dead', true)))
  }

  others(id: string): readonly string[] {
    return this.#nodes.filter(other => other !== id)
  }
}

function name(from: string, to: string): string {
  return `${from}>${to}`
}
