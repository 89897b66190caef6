/**
 * The workshop's program takes `-httpaddr` with one dash, as Go programs do. oclif would read that as seven one-letter flags, so the
 * long names that the workshop uses get their second dash here.
 */
export function withTwoDashes(argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  return argv.map((word, at) => ((end === -1 || at < end) && /^-(httpaddr|raftaddr|join)(=|$)/.test(word) ? `-${word}` : word))
}
