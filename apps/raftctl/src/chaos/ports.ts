import { createServer } from 'node:net'

/** Below the range from which systems give ports to outgoing connections: nobody takes one while its node is down. */
const lowest = 20_000
const highest = 32_000

/** Ports of 127.0.0.1 that nothing listens on. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found: number[] = []
  const first = lowest + Math.floor(Math.random() * (highest - lowest - 1_000))
  for (let port = first; found.length < count; port++) {
    if (port >= highest) throw new Error(`there are no ${count} free ports between ${lowest} and ${highest}`)
    if (await isFree(port)) found.push(port)
  }
  return found
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)))
  })
}
