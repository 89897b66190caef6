import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { PeerTls } from '../../src/index.ts'

/** Node makes keys, but no certificates. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0

const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']

/** Somebody who signs certificates, until the end of the test. */
export function authority() {
  const dir = mkdtempSync(join(tmpdir(), 'raft-node-tls-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const [ca, caKey] = [join(dir, 'ca.pem'), join(dir, 'ca.key')]
  run([...kind, '-keyout', caKey, '-out', ca, '-subj', '/CN=authority'])
  let count = 0
  return {
    sign(name: string): PeerTls {
      const [cert, key] = [join(dir, `${++count}.pem`), join(dir, `${count}.key`)]
      const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
      run([...kind, '-CA', ca, '-CAkey', caKey, '-keyout', key, '-out', cert, ...names, '-addext', 'basicConstraints=critical,CA:FALSE'])
      const read = (file: string) => readFileSync(file, 'utf8')
      return { cert: read(cert), key: read(key), ca: read(ca) }
    },
  }
}

function run(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'ignore' })
}
