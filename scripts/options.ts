import { parseArgs } from 'node:util'

/** What was asked for, by name. Ends with `usage` where that was asked, or something that there is not. */
export function optionsFrom(usage: string, names: readonly string[]): Readonly<Record<string, string | undefined>> {
  const known = Object.fromEntries(names.map(name => [name, { type: 'string' as const }]))
  try {
    const { help, ...values } = parseArgs({ options: { ...known, help: { type: 'boolean', short: 'h' } } }).values
    if (help !== true) return values as Record<string, string | undefined>
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`)
    process.exit(2)
  }
  console.log(usage)
  process.exit(0)
}

/** A whole number from 1 on, or from `least`, or the end with a line that says how to ask. */
export function countFrom(flag: string, text: string, least = 1): number {
  const count = Number(text)
  if (text !== '' && Number.isSafeInteger(count) && count >= least) return count
  console.error(`${flag} ${text}: give a whole number from ${least} on, such as ${flag} 200`)
  process.exit(2)
}
