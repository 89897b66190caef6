import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runScript } from './script/run.ts'

// One situation a file. `vitest -u` writes what happens now below each `---`: commit that only if you understand why it changed.
const folder = fileURLToPath(new URL('./scripts', import.meta.url))

for (const name of readdirSync(folder)) {
  test(name, async () => {
    const path = `${folder}/${name}`
    await expect(runScript(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path)
  })
}
