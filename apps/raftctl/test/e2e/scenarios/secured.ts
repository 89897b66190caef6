import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { prepare } from '../harness/cluster.ts'
import { Commands } from '../harness/commands.ts'
import { Process } from '../harness/processes.ts'
import { shellEnv } from '../harness/raftctl.ts'
import type { Scenario } from '../harness/scenario.ts'
import { eventually } from '../harness/wait.ts'

const run = promisify(execFile)

const tokens = { reader: 'reader-0123456789abcdef', admin: 'admin-0123456789abcdef' }

export const secured: readonly Scenario[] = [
  {
    name: 'raftctl with tokens and TLS: what is missing is said, and with it everything works',
    run: async folder => {
      const [cert, key] = await certificate(folder)
      const file = join(folder, 'tokens')
      await writeFile(file, `read reader ${tokens.reader}\nadmin admin ${tokens.admin}\n`)
      const cluster = await prepare(folder, ['--tokens', file, '--tls-cert', cert, '--tls-key', key], 1)
      const node = cluster.node(1)
      node.spawn()
      const as = (env: NodeJS.ProcessEnv) => new Commands({ RAFTCTL_ENDPOINTS: node.http, ...env })
      const admin = as({ RAFTCTL_CACERT: cert, RAFTCTL_TOKEN: tokens.admin })
      await eventually('it serves', () => admin.prints('kv set a 1', /set/))
      await admin.prints('kv watch a --since 0 --count 1 --field value', '1\n')
      await admin.prints(['snapshot', 'save', join(folder, 'backup.kv')], /1 key as of/)
      await admin.prints(['snapshot', 'restore', join(folder, 'backup.kv'), '--replace'], /holds 1 key/)
      await admin.prints('cluster status', /^n1 .* leader /m)
      await admin.prints('node status', /READY +yes/)
      await as({ RAFTCTL_CACERT: cert, RAFTCTL_TOKEN: tokens.reader }).prints('kv get a', '1\n')
      await as({ RAFTCTL_CACERT: cert, RAFTCTL_TOKEN: tokens.reader }).fails(
        'kv set a 2',
        1,
        /this needs the role write, and reader has read; give a token/,
      )
      await as({ RAFTCTL_CACERT: cert }).fails('kv get a', 1, /a token is needed.*; give --token, RAFTCTL_TOKEN or a context that has one/)
      await as({}).fails('kv get a', 3, /does it speak HTTPS\?/)
      await new Commands({ RAFTCTL_ENDPOINTS: `https://${node.http}` }).fails('kv get a', 3, /cannot be trusted.*check the certificates/)
      await as({ RAFTCTL_CACERT: '/nowhere/ca.pem' }).fails('kv get a', 2, /\/nowhere\/ca\.pem cannot be read \(ENOENT\)/)
      await admin.prints(['node', 'stop-gracefully', node.settings.dir, '--force'], /^n1 has stopped/)
    },
  },
  {
    name: 'raftctl cluster add: the command that it prints, pasted, makes a node of a cluster that asks for tokens',
    run: async folder => {
      const file = join(folder, 'tokens')
      await writeFile(file, `admin admin ${tokens.admin}\n`)
      const cluster = await prepare(folder, ['--tokens', file], 2)
      const [first, second] = [cluster.node(1), cluster.node(2)]
      await first.start()
      const ctl = new Commands({ RAFTCTL_ENDPOINTS: first.http, RAFTCTL_TOKEN: tokens.admin })
      const { http, raft, dir } = second.settings
      const words = ['cluster', 'add', 'n2', '--http', http, '--raft', raft, '--dir', dir]
      await eventually('it leads', () =>
        ctl.prints(words, /Run this where n2 is to be, within 60 min:\n\n {2}RAFT_JOIN_SECRET=[\s\S]*An even number adds none/),
      )
      const command = await ctl.prints([...words, '--field', 'command'], /^RAFT_JOIN_SECRET=/)
      new Process('bash', ['-c', `${command.trim()} --tokens ${file}`], { env: await shellEnv(folder, {}) })
      await eventually('n2 votes', () => ctl.prints('cluster members --field kind', 'voter\nvoter\n'))
      await new Commands({ RAFTCTL_ENDPOINTS: first.http }).fails(words, 1, /a token is needed/)
    },
  },
]

/** Self-signed, for this machine. */
async function certificate(folder: string): Promise<[cert: string, key: string]> {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    ...names,
    '-keyout',
    key,
    '-out',
    cert,
  ])
  return [cert, key]
}
