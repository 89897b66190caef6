import { deliveryDirectives } from './delivery.ts'
import type { Directives } from './directive.ts'
import { inputDirectives } from './inputs.ts'
import { nodeDirectives } from './nodes.ts'
import { processingDirectives } from './processing.ts'
import { pureMembershipDirectives } from './pure-membership.ts'
import { pureQuorumDirectives } from './pure-quorum.ts'
import { viewDirectives } from './views.ts'

/** Every directive by name. A file may use any of them, whatever folder it lies in. */
export const directives: Directives = {
  ...nodeDirectives,
  ...inputDirectives,
  ...processingDirectives,
  ...deliveryDirectives,
  ...viewDirectives,
  ...pureMembershipDirectives,
  ...pureQuorumDirectives,
}
