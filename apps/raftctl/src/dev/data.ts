// What a data folder says of the cluster in it.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Failure } from '../command/failure.ts'
import { shown } from './plan.ts'

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
    const reason = error instanceof Error ? error.message : error
    throw new Failure(`${shown(data)} cannot be written (${reason}); name another folder with --data`)
  }
}

export function hasData(dir: string): boolean {
  return existsSync(dir) && readdirSync(dir).length > 0
}
