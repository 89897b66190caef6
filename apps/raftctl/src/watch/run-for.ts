import { spawn } from 'node:child_process'
import type { Change } from 'kv-client'

type Event = { readonly revision: number; readonly change: Change }

/** Runs a command line for one change. Undefined if it ended well, otherwise how it did: "ended with exit code 1". */
export function runFor(command: string, { revision, change }: Event): Promise<string | undefined> {
  const value = change.type === 'put' ? change.value : ''
  const env = {
    ...process.env,
    RAFTCTL_WATCH_TYPE: change.type,
    RAFTCTL_WATCH_REVISION: String(revision),
    ...textVariable('RAFTCTL_WATCH_KEY', change.key),
    ...(change.type === 'put' && textVariable('RAFTCTL_WATCH_VALUE', value)),
  }
  const child = spawn(command, { shell: true, env, stdio: ['pipe', 'inherit', 'inherit'] })
  child.stdin?.on('error', () => {}) // it need not read its input
  child.stdin?.end(value)
  return new Promise(resolve => {
    child.once('error', error => resolve(`cannot be run (${error.message})`))
    child.once('close', (code, signal) =>
      resolve(code === 0 ? undefined : signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
    )
  })
}

/** What no variable can hold, other bytes and the character 0, is not in it; a long value is in the standard input alone. */
function textVariable(name: string, bytes: string | Uint8Array): Record<string, string> {
  return typeof bytes === 'string' && !bytes.includes('\0') && Buffer.byteLength(bytes) <= 64 * 1024 ? { [name]: bytes } : {}
}
