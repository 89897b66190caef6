import { createServer } from 'node:net'

// Below the range from which systems give ports to outgoing connections, so that nobody takes one between two starts of a node.
let next = 12_000 + Math.floor(Math.random() * 8_000)

/** `count` ports on this machine that nothing listens on, none of them given out before. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    next = next >= 32_000 ? 12_000 : next + 1
    if (await isFree(next)) ports.push(next)
  }
  return ports
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
