import { keyPaths } from './key-paths.ts'
import { leasePaths } from './lease-paths.ts'
import { headers, operatingPaths } from './operating-paths.ts'
import type { Json } from './parts.ts'
import { schemas } from './schemas.ts'

/** What `GET /v1/openapi.json` answers. A test drives the server from it, so it says what the server does. */
export const openapi: Json = {
  openapi: '3.1.0',
  info: {
    title: 'A replicated key-value store',
    version: '1',
    description:
      'Any node takes any request. Revisions are log indices: one number for the whole store, which only grows. Errors carry a stable code, ' +
      'and for writes an outcome: only `not-applied` is safe to repeat. Every answer carries X-Raft-Leader, X-Raft-Term and X-Raft-Index.',
  },
  security: [{ bearer: [] }],
  paths: { ...keyPaths, ...leasePaths, ...operatingPaths },
  components: {
    schemas,
    headers,
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'roles: read, write, admin; each includes the one before' } },
  },
}
