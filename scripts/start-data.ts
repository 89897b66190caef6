// What a data folder says of the cluster in it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fail } from './start-options.ts'

/** The members know each other by their addresses, so a cluster is started again on the ports it began with. */
export function portOf(data: string): number | undefined {
  try {
    return Number(readFileSync(join(data, 'port'), 'utf8'))
  } catch {
    return undefined
  }
}

export function rememberPort(data: string, port: number): void {
  try {
    mkdirSync(data, { recursive: true })
    writeFileSync(join(data, 'port'), `${port}\n`)
  } catch (error) {
    fail(`${data} cannot be written (${error instanceof Error ? error.message : error}); name another folder with --data`)
  }
}
