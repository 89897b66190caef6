import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
