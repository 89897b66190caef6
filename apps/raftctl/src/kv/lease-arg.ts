import { Args } from '@oclif/core'
import { exitCodes } from '../command/exit-codes.ts'
import { Failure } from '../command/failure.ts'

export const leaseArg = {
  lease: Args.custom<number>({
    description: 'the number that "lease grant" has printed',
    required: true,
    ignoreStdin: true,
    parse: async text => {
      if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
      throw new Failure(`"${text}" is not the number of a lease; "lease list" shows those there are`, exitCodes.usage)
    },
  })({ required: true }),
}
