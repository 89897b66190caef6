// Are the ports free? Asked before anything starts, so that the answer is one line and not three nodes' worth of errors.
import { createServer } from 'node:net'
import type { NodePlan } from './plan.ts'

export async function firstBusyAddress(plans: readonly NodePlan[]): Promise<string | undefined> {
  for (const address of plans.flatMap(({ http, raft }) => [http, raft])) if (!(await isFree(address))) return address
  return undefined
}

function isFree(address: string): Promise<boolean> {
  const [host, port] = address.split(':')
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(Number(port), host, () => probe.close(() => resolve(true)))
  })
}
