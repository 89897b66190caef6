import { Args } from '@oclif/core'

export const memberArg = {
  id: Args.string({ description: 'the member, as "cluster members" names it', required: true, ignoreStdin: true }),
}

export type Changed = { readonly id: string; readonly index: number }
