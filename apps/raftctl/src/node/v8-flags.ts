import { setFlagsFromString } from 'node:v8'

/** Given to Node, it means the others too. */
const impliedBy: Readonly<Record<string, string>> = { 'parallel-scavenge': 'single-threaded' }

/** What whoever starts Node has said of one of these flags stays. */
export function setUnlessGiven(flags: readonly string[]): void {
  for (const flag of flags) if (!isGiven(nameOf(flag))) setFlagsFromString(flag)
}

/** Whether whoever started Node has said something of the flag `name`, or of one that means it too. */
export function isGiven(name: string): boolean {
  const given = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ').replaceAll('_', '-')
  return [name, impliedBy[name] ?? name].some(word => given.includes(word))
}

/** Of the flag and its opposite. */
function nameOf(flag: string): string {
  return flag.replace(/^--(no-)?/, '').replace(/=.*/, '')
}
