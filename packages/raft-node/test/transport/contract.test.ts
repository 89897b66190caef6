import { describe, expect, test } from 'vitest'
import { transportContract } from '../../src/contracts/transport.ts'
import { sleep, tcp, until } from './support.ts'

transportContract({ describe, test, expect }, async () => ({
  members: [
    { id: 'n1', transport: tcp() },
    { id: 'n2', transport: tcp() },
    { id: 'n3', transport: tcp() },
  ],
  until,
  settle: () => sleep(60),
}))
