/** How many voters may fail before writes and linearizable reads stop. */
export type Tolerance = {
  readonly voters: number
  readonly needed: number
  readonly reachable: number
  /** When all voters run. */
  readonly survives: number
  /** From now on; negative when the majority is lost already. */
  readonly survivesNow: number
}

export function toleranceOf({ voters, reachable }: { readonly voters: number; readonly reachable: number }): Tolerance {
  const needed = Math.floor(voters / 2) + 1
  return { voters, needed, reachable, survives: voters - needed, survivesNow: reachable - needed }
}

/** One line: what the numbers mean, and why nobody runs an even number of voters. */
export function describeTolerance(tolerance: Tolerance, hasLeader: boolean): string {
  if (tolerance.voters === 0) return 'This node knows no members yet: it is still joining.'
  return [numbers(tolerance), now(tolerance, hasLeader), parity(tolerance)].filter(text => text !== '').join(' ')
}

function numbers({ voters, needed, survives }: Tolerance): string {
  return `${count(voters, 'voter')}, majority ${needed}: survives ${count(survives, 'failure')}.`
}

function now({ voters, needed, reachable, survivesNow }: Tolerance, hasLeader: boolean): string {
  if (survivesNow < 0) return `Only ${reachable} of ${voters} answer, ${needed} are needed: writes wait until more are back.`
  const down = voters - reachable
  const left = down === 0 ? '' : `Now ${down} of them ${down === 1 ? 'is' : 'are'} down: survives ${survivesNow} more.`
  return hasLeader ? left : `${left} There is no leader at the moment: an election should end within seconds.`.trim()
}

function parity({ voters, needed, survives }: Tolerance): string {
  if (voters % 2 === 0)
    return `An even number adds none: ${voters - 1} would survive ${survives} as well, with a majority of ${needed - 1}.`
  return `One voter more would add none: an even number needs a larger majority (${needed + 1} of ${voters + 1}).`
}

const count = (value: number, what: string): string => `${value} ${what}${value === 1 ? '' : 's'}`
