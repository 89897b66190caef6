import { RaftError, type RaftErrorCode } from '../errors.ts'

/** What a contract needs of a test runner; Vitest and Jest have it. Handed in, so that this package depends on neither. */
export type ContractTools = {
  readonly describe: (name: string, body: () => void) => void
  readonly test: (name: string, body: () => Promise<void>) => void
  readonly expect: (actual: unknown) => {
    toBe(expected: unknown): void
    toEqual(expected: unknown): void
    toMatchObject(expected: object): void
  }
}

/** The code of the RaftError that the promise rejects with; anything else is handed on. */
export async function refusal(promise: Promise<unknown>): Promise<RaftErrorCode | 'none'> {
  try {
    await promise
    return 'none'
  } catch (error) {
    if (error instanceof RaftError) return error.code
    throw error
  }
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
