import { RaftError } from 'raft-node'
import { expect, test } from 'vitest'
import { withReplaceCommand } from '../src/node/replace-hint.ts'
import type { NodeFlags } from '../src/node/run.ts'

const flags: NodeFlags = {
  dir: '/tmp/my raft2',
  http: 'localhost:8280',
  raft: undefined,
  id: 'n2',
  join: ['localhost:8180'],
  replace: false,
  'non-leader': 'forward',
  'log-store': undefined,
  'snapshot-entries': 1,
  'snapshot-bytes': 1,
  'log-level': 'info',
  'log-format': 'pretty',
  quiet: false,
}

test('the command that helps a wiped member can be pasted', () => {
  const message =
    'n2 is a member already. Replace it: raftctl node join --replace --id n2 --raft 1:2 --join <address of a member> <new folder>'
  const error = withReplaceCommand(new RaftError('WIPED_MEMBER', message), flags, 'npx raftctl')
  expect((error as Error).message).toBe(
    'WIPED_MEMBER: n2 is a member already. Replace it: ' +
      "npx raftctl node join --replace --id n2 --http localhost:8280 --join localhost:8180 '/tmp/my raft2'",
  )
})

test('other errors stay as they are', () => {
  const error = new RaftError('FOLDER_IN_USE', 'in use')
  expect(withReplaceCommand(error, flags, 'raftctl')).toBe(error)
})
