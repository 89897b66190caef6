import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { root } from '../e2e/harness/raftctl.ts'

/** The node's process as one file: it starts as fast as an installed one, and without looking at TypeScript. Resolves with its path. */
export async function bundleNodeProcess(): Promise<string> {
  const folder = join(root, 'node_modules/.cache/raft-proof')
  const outfile = join(folder, 'dist/node-process.mjs')
  await build({
    entryPoints: [fileURLToPath(new URL('./node-process.ts', import.meta.url))],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['raft-source'],
    external: ['classic-level', 'msgpackr', 'pino'],
    logLevel: 'warning',
  })
  // The server reads its version from there.
  await mkdir(folder, { recursive: true })
  await copyFile(join(root, 'apps/kv-server/package.json'), join(folder, 'package.json'))
  return outfile
}
