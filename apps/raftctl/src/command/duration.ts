import { Flags } from '@oclif/core'
import { exitCodes } from './exit-codes.ts'
import { Failure } from './failure.ts'

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `500ms`, `10s`, `5m`, `1h`, `2d` in milliseconds. A bare number could be any of them, and is refused. */
export function durationMs(text: string, flag: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim()) ?? []
  if (number !== undefined) return Math.round(Number(number) * unitMs[unit as keyof typeof unitMs])
  throw new Failure(`${flag}: "${text}" is not a time; write a number and ms, s, m, h or d, for example 10s`, exitCodes.usage)
}

/** A flag whose value is a length of time, in milliseconds once it is parsed. */
export function durationFlag(name: string, { description, value, char }: { description: string; value?: string; char?: 's' | 'n' | 'i' }) {
  return Flags.custom<number>({
    helpValue: 'TIME',
    description: value === undefined ? description : `${description} [${value}]`,
    parse: async text => durationMs(text, `--${name}`),
    ...(char !== undefined && { char }),
    ...(value !== undefined && { default: async () => durationMs(value, `--${name}`), noCacheDefault: true }),
  })()
}
