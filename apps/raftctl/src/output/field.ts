import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'

/** `members.0.role` of a value; unknown names are an error that lists the known ones. */
export function pick(value: unknown, path: string): unknown {
  return path.split('.').reduce((current, name) => step(current, name, path), value)
}

function step(current: unknown, name: string, path: string): unknown {
  if (current !== null && typeof current === 'object') {
    if (Object.hasOwn(current, name)) return Object.entries(current).find(([key]) => key === name)?.[1]
    throw new Failure(`--field ${path}: there is no "${name}"; there is ${Object.keys(current).join(', ') || 'nothing'}`, exitCodes.usage)
  }
  throw new Failure(`--field ${path}: nothing is inside of "${name}"'s parent; --output json shows the whole`, exitCodes.usage)
}
