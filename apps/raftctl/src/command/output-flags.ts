import { Flags } from '@oclif/core'
import { formats } from '../output/render.ts'

const group = { helpGroup: 'GLOBAL' }

/** How an answer is printed, the same for every command that has one. */
export const outputFlags = {
  output: Flags.option({ options: formats })({
    ...group,
    char: 'o',
    env: 'RAFTCTL_OUTPUT',
    description: 'how to print the answer',
    default: 'table',
  }),
  field: Flags.string({
    ...group,
    helpValue: 'PATH',
    description: 'print this field alone, such as "leader" or "members.0.role"; the names are those of --output json',
  }),
}
