import { Args, Flags } from '@oclif/core'
import { limitFlags } from './limit-flags.ts'

/** What `node start` and `node join` share. The names in `aliases` are the workshop's. */
const nodeFlags = {
  http: Flags.string({
    aliases: ['httpaddr'],
    env: 'RAFT_HTTP',
    helpValue: 'HOST:PORT',
    description: 'where clients connect',
    default: 'localhost:8180',
  }),
  raft: Flags.string({
    aliases: ['raftaddr'],
    env: 'RAFT_RAFT',
    helpValue: 'HOST:PORT',
    description: 'where the other nodes connect; without it the host and port of --http, plus 6',
    defaultHelp: async () => 'localhost:8186',
  }),
  id: Flags.string({
    env: 'RAFT_ID',
    helpValue: 'NAME',
    description: 'what the node is called, for example n1; made from the raft address when absent',
  }),
  'non-leader': Flags.option({ options: ['forward', 'redirect', 'reject'] as const })({
    env: 'RAFT_NON_LEADER',
    description: 'what a node that does not lead does with requests: ask the leader itself, answer 307 with its address, or answer 500',
    default: 'forward',
  }),
  'log-store': Flags.option({ options: ['level', 'wal'] as const })({
    env: 'RAFT_LOG_STORE',
    description: 'what a new folder keeps its log in: a write-ahead log of its own, or LevelDB; a folder is opened with what made it',
    defaultHelp: async () => 'wal',
  }),
  'snapshot-entries': Flags.integer({
    env: 'RAFT_SNAPSHOT_ENTRIES',
    helpValue: 'N',
    description: 'take a snapshot, and shorten the log, after so many entries',
    default: 10_000,
    min: 1,
  }),
  'snapshot-bytes': Flags.integer({
    env: 'RAFT_SNAPSHOT_BYTES',
    helpValue: 'N',
    description: 'or after so many bytes',
    default: 64 * 1024 * 1024,
    min: 1,
  }),
  'min-free-bytes': Flags.integer({
    env: 'RAFT_MIN_FREE_BYTES',
    helpValue: 'N',
    description: 'refuse writes while the disk has less room than so many bytes beside the reserve',
    default: 64 * 1024 * 1024,
    min: 0,
  }),
  'reserve-bytes': Flags.integer({
    env: 'RAFT_RESERVE_BYTES',
    helpValue: 'N',
    description: 'keep a file of so many bytes in the folder, and give it up when the disk is full, so that the node can go on',
    default: 8 * 1024 * 1024,
    min: 0,
  }),
  'tick-ms': Flags.integer({
    env: 'RAFT_TICK_MS',
    helpValue: 'MS',
    description: 'how often a leader sends a sign of life; more than a round trip between the nodes, and the same on each of them',
    default: 100,
    min: 10,
    max: 10_000,
  }),
  'election-ticks': Flags.integer({
    env: 'RAFT_ELECTION_TICKS',
    helpValue: 'N',
    description: 'after how many ticks without one, up to twice as many, a node asks for votes',
    default: 10,
    min: 2,
    max: 1_000,
  }),
  'tls-cert': Flags.string({
    env: 'RAFT_TLS_CERT',
    helpValue: 'FILE',
    description: 'serve HTTPS with this certificate (PEM); read anew on SIGHUP',
    dependsOn: ['tls-key'],
  }),
  'tls-key': Flags.string({
    env: 'RAFT_TLS_KEY',
    helpValue: 'FILE',
    description: 'and this private key',
    dependsOn: ['tls-cert'],
  }),
  'tls-client-ca': Flags.string({
    env: 'RAFT_TLS_CLIENT_CA',
    helpValue: 'FILE',
    description: 'serve only clients with a certificate that this one has signed',
    dependsOn: ['tls-cert'],
  }),
  'peer-cert': Flags.string({
    env: 'RAFT_PEER_CERT',
    helpValue: 'FILE',
    description: 'talk TLS with the other nodes, with this certificate (PEM) for the name raft-peer; read anew on SIGHUP',
    dependsOn: ['peer-key', 'peer-ca'],
  }),
  'peer-key': Flags.string({
    env: 'RAFT_PEER_KEY',
    helpValue: 'FILE',
    description: 'and this private key',
    dependsOn: ['peer-cert'],
  }),
  'peer-ca': Flags.string({
    env: 'RAFT_PEER_CA',
    helpValue: 'FILE',
    description: 'and only with nodes whose certificate, for the name raft-peer, this one has signed',
    dependsOn: ['peer-cert'],
  }),
  tokens: Flags.string({
    env: 'RAFT_TOKENS',
    helpValue: 'FILE',
    description: 'who may ask: lines "ROLE NAME TOKEN", with the roles read, write, admin; read anew on SIGHUP',
  }),
  'join-secret': Flags.string({
    env: 'RAFT_JOIN_SECRET',
    helpValue: 'SECRET',
    description: 'lets this node join a cluster that asks for tokens; better given in the environment',
  }),
  'join-ca': Flags.string({
    env: 'RAFT_JOIN_CA',
    helpValue: 'FILE',
    description: 'with --tls-cert: trust the HTTPS certificates of members that this one has signed, when joining',
    dependsOn: ['tls-cert'],
  }),
  'cors-origins': Flags.string({
    env: 'RAFT_CORS_ORIGINS',
    helpValue: 'ORIGIN',
    description: 'let web pages of these origins use the node from a browser: https://app.example.com,… or *; others can do nothing',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
  }),
  insecure: Flags.boolean({
    env: 'RAFT_INSECURE',
    description: 'listen where others can reach it although nothing keeps strangers out',
    default: false,
  }),
  'log-level': Flags.string({
    env: 'RAFT_LOG_LEVEL',
    description: 'how much to log, on stderr',
    options: ['debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
  }),
  'log-format': Flags.string({
    env: 'RAFT_LOG_FORMAT',
    description: 'lines for people, or JSON for machines',
    options: ['pretty', 'json'],
    default: 'pretty',
  }),
  quiet: Flags.boolean({
    char: 'q',
    env: 'RAFT_QUIET',
    description: 'say where the node listens, and give no hints',
    default: false,
  }),
  config: Flags.string({
    env: 'RAFT_CONFIG',
    helpValue: 'FILE',
    description: 'settings as JSON, by the names of these flags: {"http":"localhost:8180"}; flags and the environment are stronger',
  }),
  'print-config': Flags.boolean({
    description: 'print every setting, its value and where that comes from, and start nothing',
    default: false,
  }),
  ...limitFlags,
}

const joinFlag = {
  aliases: [] as string[],
  env: 'RAFT_JOIN',
  helpValue: 'HOST:PORT',
  multiple: true as const,
  multipleNonGreedy: true,
  delimiter: ',' as const,
}

const replaceFlag = Flags.boolean({
  description: "this folder is new although the node was a member before: take the old one's place (see WIPED_MEMBER below)",
  default: false,
})

export const startFlags = {
  ...nodeFlags,
  join: Flags.string({
    ...joinFlag,
    description: 'the HTTP address of any member: join its cluster instead of founding one; a folder that has joined ignores it',
  }),
  replace: replaceFlag,
}

export const joinFlags = {
  ...nodeFlags,
  join: Flags.string({
    ...joinFlag,
    description: 'the HTTP address of any member (required); several are tried in turn; a folder that has joined ignores it',
  }),
  replace: replaceFlag,
}

export const nodeArgs = {
  dir: Args.string({
    description: "the folder for the node's data, made when absent, for example /tmp/raft1; or RAFT_DIR, or dir in the file of --config",
    ignoreStdin: true,
  }),
}
