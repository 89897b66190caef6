import type { KvClient } from 'kv-client'
import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'
import { type Answered, gather } from './gather.ts'
import { toleranceOf } from './tolerance.ts'

type Asking = { readonly client: KvClient; readonly endpoints: readonly string[]; readonly at: (address: string) => string }

const askMs = 1_500

/**
 * Asks every member itself: what a leader thinks of who answers may be some seconds old.
 * @throws Failure where a cluster that works would stop working without the vote of this member, or where there is no such member.
 */
export async function checkSurvives({ client, endpoints, at }: Asking, id: string): Promise<void> {
  const { members } = await gather(endpoints, endpoint => client.status({ endpoint, timeoutMs: askMs }), at)
  checkMajority(members, id, 'leaves')
}

/** `stops`: it remains a voter, of those a majority is counted of. @throws Failure */
export function checkMajority(answered: readonly Answered[], id: string, how: 'leaves' | 'stops'): void {
  const asked = answered.find(({ member }) => member.id === id)
  if (asked === undefined) {
    const known = answered.map(({ member }) => member.id).join(', ')
    throw new Failure(`there is no member "${id}": the members are ${known}`, exitCodes.notFound)
  }
  const others = answered.filter(({ member }) => member.voter && member.id !== id)
  if (!asked.member.voter || others.length === 0) return
  const voters = how === 'stops' ? others.length + 1 : others.length
  const { needed, reachable, survivesNow } = toleranceOf({ voters, reachable: others.filter(({ status }) => status !== undefined).length })
  if (survivesNow >= 0) return
  throw new Failure(
    `without ${id} only ${reachable} of ${voters} voters would answer, and ${needed} are needed: writes would stop. ` +
      'Bring the others back first, or say --force',
  )
}
