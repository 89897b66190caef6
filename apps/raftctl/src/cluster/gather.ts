import type { MemberStatus, StatusResponse } from 'kv-client'

/** Asks one node how it is. Rejects when it does not answer. */
export type AskStatus = (endpoint: string) => Promise<StatusResponse>

/** What a member says of itself; undefined where it did not answer. `stranger`: who answers at its address, of another cluster. */
export type Answered = {
  readonly member: MemberStatus
  readonly status: StatusResponse | undefined
  readonly stranger: StatusResponse | undefined
}

export type Gathered = {
  readonly members: readonly Answered[]
  /** The leader's own word, from which lag and last contact are taken; undefined when there is none or it did not answer. */
  readonly leader: StatusResponse | undefined
  readonly clusterId: string
}

/**
 * Asks the first endpoint that answers who belongs to the cluster, then every member how it is. No answer passes through the leader,
 * so this works without one: an operator needs it most when there is none. `at`: how to ask at a member's address.
 */
export async function gather(
  endpoints: readonly string[],
  ask: AskStatus,
  at: (address: string) => string = address => address,
): Promise<Gathered> {
  const first = await firstAnswer(endpoints, ask)
  const addresses = first.members.map(({ clientAddress }) => clientAddress)
  const answers = await Promise.all(addresses.map(address => answerOf(address, address => ask(at(address)))))
  // A member whose folder was lost may run as a cluster of its own, under the same id: what it says is not about this one.
  const strangers = new Map<string, StatusResponse>()
  const byId = new Map([[first.id, first]])
  for (const [at, answer] of answers.entries()) {
    if (answer?.clusterId === first.clusterId) byId.set(answer.id, answer)
    else if (answer !== undefined) strangers.set(addresses[at] as string, answer)
  }
  // A node that was away may know an older membership than one it names.
  const newest = [...byId.values()].reduce((best, answer) => (answer.membershipIndex > best.membershipIndex ? answer : best))
  const leader = [...byId.values()].filter(({ role }) => role === 'leader').sort((a, b) => b.term - a.term)[0]
  const { members } = leader ?? newest
  const answered = members.map(member => ({ member, status: byId.get(member.id), stranger: strangers.get(member.clientAddress) }))
  return { members: answered, leader, clusterId: first.clusterId }
}

async function firstAnswer(endpoints: readonly string[], ask: AskStatus): Promise<StatusResponse> {
  const errors: unknown[] = []
  for (const endpoint of endpoints) {
    try {
      return await ask(endpoint)
    } catch (error) {
      errors.push(error)
    }
  }
  throw errors.at(-1)
}

async function answerOf(address: string, ask: AskStatus): Promise<StatusResponse | undefined> {
  return address === '' ? undefined : ask(address).catch(() => undefined)
}
