import { fileURLToPath } from 'node:url'

/** The root of the repository that this file belongs to: sources run in place, also those of a copy. */
export const repository = fileURLToPath(new URL('../../..', import.meta.url))
