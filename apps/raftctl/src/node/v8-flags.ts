import { setFlagsFromString } from 'node:v8'

/** Given to Node, they mean the others too. */
const impliedBy: Readonly<Record<string, readonly string[]>> = { 'parallel-scavenge': ['single-threaded', 'single-threaded-gc'] }

/** What whoever starts Node has said of one of these flags stays. */
export function setUnlessGiven(flags: readonly string[]): void {
  for (const flag of flags) if (!isGiven(nameOf(flag))) setFlagsFromString(flag)
}

/** Whether whoever started Node has said something of the flag `name`, or of one that means it too. */
export function isGiven(name: string): boolean {
  const given = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)].map(nameOf)
  return [name, ...(impliedBy[name] ?? [])].some(word => given.includes(word))
}

/** Of the flag and its opposite. V8 takes `_` for `-`. */
function nameOf(flag: string): string {
  return flag
    .replaceAll('_', '-')
    .replace(/^--(no-?)?/, '')
    .replace(/=.*/, '')
}
