import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('./programs/open-and-close.ts', import.meta.url))

test.each(['level', 'wal'])(
  'after close() nothing keeps the process alive: %s',
  async log => {
    const dir = await mkdtemp(join(tmpdir(), 'raft-ends-'))
    try {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--conditions=raft-source', '--import', 'tsx', program, join(dir, 'n1'), log],
        { timeout: 20_000 },
      )
      const { left, msToExit } = JSON.parse(stdout) as { left: string[]; msToExit: number }
      expect(left.filter(name => /Timeout|Immediate|TCP|FSReq/.test(name))).toEqual([])
      expect(msToExit).toBeLessThan(40)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  },
  30_000,
)
