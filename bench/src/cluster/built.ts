import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { outputOf } from '../child.ts'

/** The repository that this benchmark belongs to. */
export const ownRoot = fileURLToPath(new URL('../../..', import.meta.url))

const made = new Map<string, Promise<void>>()

/**
 * Compiles the packages of a checkout: what is measured is what users install, and never older than its sources. Rejects with the
 * compiler's first complaint.
 */
export function build(root: string = ownRoot): Promise<void> {
  const there = made.get(root)
  if (there !== undefined) return there
  const compiler = join(ownRoot, 'node_modules/typescript/bin/tsc')
  const run = outputOf({ file: process.execPath, args: [compiler, '-b', 'apps/raftctl', 'apps/kv-server'], cwd: root }, 600).then(() => {})
  made.set(root, run)
  return run
}

/** The file that runs `raftctl` from what `build` made. */
export function raftctlOf(root: string): string {
  return join(root, 'apps/raftctl/bin/run.js')
}
