/** Part of the interface: scripts decide on these. They change only in a major version. */
export const exitCodes = {
  ok: 0,
  /** It did not work, and nothing was changed. */
  failed: 1,
  /** The command line was wrong. */
  usage: 2,
  /** No endpoint answered, or the cluster has no leader: try again later. Nothing was changed. */
  unavailable: 3,
  /** There is no such key, lease, member, context or node. */
  notFound: 4,
  /** A write whose answer was lost: it may have happened. Read before trying again. */
  outcomeUnknown: 5,
  /** A condition did not hold: nothing was changed, or what `--else` said. */
  conditionFailed: 6,
} as const

export const exitCodesHelp =
  'Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no leader or nobody answered, 4 no such key (lease, member …), 5 a write whose outcome is unknown, 6 a condition did not hold.'
