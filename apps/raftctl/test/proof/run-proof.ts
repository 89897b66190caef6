import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { endAllNodes } from './proof-node.ts'

/** Runs a proof in a folder of its own, which is kept when it fails; ends the process, with exit code 1 when it has failed. */
export async function runProof(name: string, proof: (folder: string) => Promise<void>): Promise<never> {
  const folder = await mkdtemp(join(tmpdir(), `raft-${name}-`))
  let keep = false
  process.once('exit', () => {
    endAllNodes()
    if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  try {
    await proof(folder)
    process.exit(0)
  } catch (error) {
    keep = true
    console.error(`FAILED: ${error instanceof Error ? error.message : String(error)}\nthe folders are kept in ${folder}`)
    process.exit(1)
  }
}

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

/** A whole number above 0, or the end with a line that says how to ask. */
export function countFrom(flag: string, text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count > 0) return count
  console.error(`${flag} ${text}: give a whole number above 0, such as ${flag} 200`)
  process.exit(2)
}
