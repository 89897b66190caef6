import { describe, expect, test } from 'vitest'
import { transportContract } from '../../src/contracts/transport.ts'
import { PeerCertificates } from '../../src/index.ts'
import { authority, hasOpenssl } from './certificates.ts'
import { sleep, tcp, until } from './support.ts'

const tools = { describe, test, expect }

transportContract(tools, async () => ({
  members: [
    { id: 'n1', transport: tcp() },
    { id: 'n2', transport: tcp() },
    { id: 'n3', transport: tcp() },
  ],
  until,
  settle: () => sleep(60),
}))

describe.skipIf(!hasOpenssl)('over TLS', () => {
  transportContract(tools, async () => {
    const { sign } = authority()
    const secured = () => tcp({ tls: new PeerCertificates(sign('raft-peer')) })
    return {
      members: [
        { id: 'n1', transport: secured() },
        { id: 'n2', transport: secured() },
        { id: 'n3', transport: secured() },
      ],
      until,
      settle: () => sleep(100),
    }
  })
})
