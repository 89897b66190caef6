import { Flags } from '@oclif/core'
import { defaultLimits, type Limits, limitWords } from 'kv-server/limits'
import { timerMsMax } from '../command/pause.ts'

const names = Object.keys(limitWords) as (keyof Limits)[]

/** `bodyBytesMax` as `body-bytes-max`. */
const kebab = (name: string): string => name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)

/** A flag for each limit of the server. */
export const limitFlags = Object.fromEntries(
  names.map(name => [
    kebab(name),
    Flags.integer({
      env: `RAFT_${kebab(name).replaceAll('-', '_').toUpperCase()}`,
      helpGroup: 'LIMITS',
      helpValue: name.endsWith('Ms') ? 'MS' : 'N',
      description: limitWords[name],
      default: defaultLimits[name],
      min: 1,
      ...(name.endsWith('Ms') && { max: timerMsMax }),
    }),
  ]),
)

/** What these flags say, as the server takes it. */
export function limitsOf(flags: Readonly<Record<string, unknown>>): Partial<Limits> {
  return Object.fromEntries(names.flatMap(name => (typeof flags[kebab(name)] === 'number' ? [[name, flags[kebab(name)]]] : [])))
}
