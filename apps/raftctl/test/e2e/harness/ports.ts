import { createServer } from 'node:net'

// Below the range from which systems give ports to outgoing connections, so that nobody takes one between two starts of a node.
let next = 20_000 + Math.floor(Math.random() * 8_000)

/** `count` ports in a row that nothing listens on; never the same ones twice in a run. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = next
    next = next + count > 32_000 ? 20_000 : next + count
    const free = await Promise.all(Array.from({ length: count }, (_, at) => isFree(first + at)))
    if (free.every(Boolean)) return first
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
