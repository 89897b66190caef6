import type { MemberStatus, StatusResponse } from 'kv-client'

/** Asks one node how it is. Rejects when it does not answer. */
export type AskStatus = (endpoint: string) => Promise<StatusResponse>

/** What every member says of itself; undefined where one did not answer. */
export type Gathered = {
  readonly members: readonly { readonly member: MemberStatus; readonly status: StatusResponse | undefined }[]
  /** The leader's own word, from which lag and last contact are taken; undefined when there is none or it did not answer. */
  readonly leader: StatusResponse | undefined
  readonly clusterId: string
}

/**
 * Asks the first endpoint that answers who belongs to the cluster, then every member how it is. No answer passes through the leader,
 * so this works without one: an operator needs it most when there is none.
 */
export async function gather(endpoints: readonly string[], ask: AskStatus): Promise<Gathered> {
  const first = await firstAnswer(endpoints, ask)
  const answers = await Promise.all(first.members.map(({ clientAddress }) => answerOf(clientAddress, ask)))
  // A node that was away may know an older membership than one it names.
  const newest = answers.reduce<StatusResponse>(
    (best, answer) => (answer && answer.membershipIndex > best.membershipIndex ? answer : best),
    first,
  )
  const byId = new Map([first, ...answers].flatMap(answer => (answer === undefined ? [] : [[answer.id, answer] as const])))
  const leader = [...byId.values()].filter(({ role }) => role === 'leader').sort((a, b) => b.term - a.term)[0]
  const { members } = leader ?? newest
  return { members: members.map(member => ({ member, status: byId.get(member.id) })), leader, clusterId: first.clusterId }
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
