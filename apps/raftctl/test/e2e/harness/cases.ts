import { strict as assert } from 'node:assert'
import { type Answer, ask } from './http.ts'

/** A request, and what comes of it: the status, and of an error its code. */
export type Case = readonly [
  method: string,
  path: string,
  request: { readonly body?: string; readonly headers?: Readonly<Record<string, string>> },
  status: number,
  code?: string,
]

/** One after the other. Every refusal says what it is in code and words, and of a write that nothing was done. */
export async function expectCases(address: string, cases: readonly Case[]): Promise<void> {
  for (const [method, path, request, status, code] of cases) {
    const answer = await ask(method, address, path, request)
    const what = `${method} ${path.slice(0, 80)} ${JSON.stringify(request).slice(0, 120)}: ${answer.status} ${answer.text.slice(0, 300)}`
    assert.equal(answer.status, status, what)
    if (code === undefined) continue
    const { error } = JSON.parse(answer.text)
    assert.equal(error.code, code, what)
    assert(error.message.length > 5, what)
    if (method !== 'GET') assert.equal(error.outcome, 'not-applied', what)
    if (status === 429 || status === 503) assert(Number(answer.headers.get('retry-after')) > 0, `${what}: no Retry-After`)
  }
}

export function jsonOf(answer: Answer): ReturnType<typeof JSON.parse> {
  assert.equal(answer.status, 200, answer.text.slice(0, 300))
  return JSON.parse(answer.text)
}
