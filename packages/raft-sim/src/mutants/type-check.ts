import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PatchError } from './patch-file.ts'
import { run } from './source-copy.ts'

/** What a simulation runs. The sources of clients come along for their types; they have other libraries, and a check of their own. */
const simulated = ['packages/raft-core/src', 'packages/raft-node/src', 'packages/raft-sim/src', 'apps/kv-server/src']

const project = {
  extends: './tsconfig.base.json',
  compilerOptions: {
    noEmit: true,
    composite: false,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    rewriteRelativeImportExtensions: false,
    allowImportingTsExtensions: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    noFallthroughCasesInSwitch: false,
    allowUnreachableCode: true,
  },
  include: simulated,
}

/** A check that was taken out leaves a value that may be missing, which runs all the same: just that may be the bug. */
const harmless = /error TS(?:2531|2532|2533|18047|18048|18049)|error TS(?:2322|2345|2379|2412).*\b(?:undefined|null)\b/

/** Throws a PatchError with the compiler's words: a program that cannot run has no bug to be found. */
export async function typeCheck(root: string): Promise<void> {
  const config = join(root, 'tsconfig.mutant.json')
  writeFileSync(config, JSON.stringify(project))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const { output } = await run(process.execPath, [compiler, '--pretty', 'false', '-p', config], root)
  const lines = output.split('\n').filter(line => /error TS/.test(line) && !harmless.test(line))
  // An error without a file is one of the project itself.
  const errors = lines.filter(line => line.startsWith('error') || simulated.some(folder => line.startsWith(`${folder}/`)))
  if (errors.length > 0) throw new PatchError(`the patched sources do not compile:\n${errors.slice(0, 10).join('\n')}`)
}
