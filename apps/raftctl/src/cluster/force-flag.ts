import { Flags } from '@oclif/core'

export const forceFlag = {
  force: Flags.boolean({ description: 'although the voters that are left would be no majority', default: false }),
}
