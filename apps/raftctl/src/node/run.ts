import type { NonLeaderMode } from 'kv-client'
import { Failure } from '../command/failure.ts'
import { banner, programName } from './banner.ts'
import { withReplaceCommand } from './replace-hint.ts'
import { Stopper } from './stop.ts'

/** What the flags of `node start` and `node join` say. */
export type NodeFlags = {
  readonly dir: string
  readonly http: string
  readonly raft: string | undefined
  readonly id: string | undefined
  readonly join: readonly string[] | undefined
  readonly replace: boolean
  readonly 'non-leader': string
  readonly 'snapshot-entries': number
  readonly 'snapshot-bytes': number
  readonly 'log-level': string
  readonly 'log-format': string
  readonly quiet: boolean
}

/** Starts a node and resolves once it serves; from then on the open server keeps the process alive, until a signal stops it. */
export async function runNode(flags: NodeFlags, bin: string): Promise<void> {
  const stopper = new Stopper(bin)
  stopper.listen()
  exitOnSurprise(bin)
  // Loaded here and not above: `kv get` and `--help` need none of it.
  const [{ startServer }, { createLog }] = await Promise.all([import('kv-server'), import('./log.ts')])
  const starting = startServer({
    dir: flags.dir,
    http: flags.http,
    raft: flags.raft ?? raftBeside(flags.http),
    replace: flags.replace,
    nonLeader: flags['non-leader'] as NonLeaderMode,
    snapshotEntries: flags['snapshot-entries'],
    snapshotBytes: flags['snapshot-bytes'],
    // Half of them stay behind a snapshot, so that a node which was away for a moment needs none.
    trailingEntries: Math.floor(flags['snapshot-entries'] / 2),
    log: createLog({ level: flags['log-level'], format: flags['log-format'] }),
    onFatal: ({ message }) => stopper.fail(message),
    ...(flags.id === undefined ? {} : { id: flags.id }),
    ...(flags.join === undefined ? {} : { join: flags.join }),
  })
  stopper.watch(starting)
  try {
    const { node, httpAddress, raftAddress } = await starting
    const { nodeId, clusterId } = node.identity
    const running = { id: nodeId, clusterId, dir: flags.dir, httpAddress, raftAddress }
    process.stdout.write(`${banner(running, { program: programName(bin), quiet: flags.quiet })}\n`)
  } catch (error) {
    // Asked to stop while it was starting: that it did not start is then no failure.
    if (!stopper.stopping) throw withReplaceCommand(error, flags, programName(bin))
  }
}

/** The workshop's habit: 8180 for clients, 8186 for peers. */
function raftBeside(http: string): string {
  const match = /^(.*):(\d+)$/.exec(http)
  if (match === null) throw new Failure(`--http: "${http}" is not an address; give HOST:PORT, such as localhost:8180`, 2)
  return `${match[1]}:${Number(match[2]) + 6}`
}

/** An error that nobody caught leaves the node in a state nobody knows. One line, and out: the log on disk is what counts. */
function exitOnSurprise(bin: string): void {
  process.on('uncaughtException', error => {
    if (process.env.RAFTCTL_DEBUG) process.stderr.write(`${error?.stack}\n`)
    process.stderr.write(`${bin}: this is a bug, the node stops: ${String(error?.message ?? error).replace(/\s*\n\s*/g, ' ')}\n`)
    process.exit(1)
  })
}
