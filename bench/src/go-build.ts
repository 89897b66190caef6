import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { outputOf } from './child.ts'

const sources = fileURLToPath(new URL('../peers', import.meta.url))
const cache = fileURLToPath(new URL('../../node_modules/.cache/raft-bench', import.meta.url))
// The Go that is there, not one that it fetches.
const env = { GOTOOLCHAIN: 'local' }

/** Which Go is installed. Rejects with one line if none is. */
export async function goVersion(): Promise<string> {
  try {
    return (await outputOf({ file: 'go', args: ['env', 'GOVERSION'], env }, 30)).trim()
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw isAbsent ? new Error('Go is not installed') : error
  }
}

/** The path of a program built from `bench/peers/NAME`, with the modules that its go.sum pins. Rejects with one line of why not. */
export async function goProgram(name: string): Promise<string> {
  await goVersion()
  mkdirSync(cache, { recursive: true })
  const program = join(cache, process.platform === 'win32' ? `${name}.exe` : name)
  const args = ['build', '-buildvcs=false', '-o', program, '.']
  await outputOf({ file: 'go', args, cwd: join(sources, name), env }, 900).catch(error => {
    throw new Error(`go build failed: ${error.message}`)
  })
  return program
}
