import type { MemberStatus } from 'kv-client'
import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'
import { toleranceOf } from './tolerance.ts'

/** @throws Failure where a cluster that works would stop working without the vote of this member, or where there is no such member. */
export function checkSurvives(members: readonly MemberStatus[], id: string): void {
  const member = members.find(one => one.id === id)
  if (member === undefined) {
    const known = members.map(one => one.id).join(', ')
    throw new Failure(`there is no member "${id}": the members are ${known}`, exitCodes.notFound)
  }
  const left = members.filter(one => one.voter && one.id !== id)
  if (!member.voter || left.length === 0) return
  const { needed, reachable, survivesNow } = toleranceOf({
    voters: left.length,
    reachable: left.filter(one => one.reachable).length,
  })
  if (survivesNow >= 0) return
  throw new Failure(
    `without ${id} only ${reachable} of ${left.length} voters would answer, and ${needed} are needed: writes would stop. ` +
      'Bring the others back first, or say --force',
  )
}
