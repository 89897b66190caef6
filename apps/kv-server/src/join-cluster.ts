import type { ErrorResponse, JoinRequestBody, JoinResponse } from 'kv-client'
import { type Certificates, httpsFetch } from 'kv-client/node'
import { type JoinAnswer, type JoinRequest, RaftError, type RaftErrorCode } from 'raft-node'
import { formatAddress, parseAddress } from './address.ts'

/** How long a node asks to be let in while the cluster has no leader or changes its members: two nodes that start together meet this. */
const patienceMs = 15_000
const pauseMs = 250
/** One answer: a membership change takes a few round trips and fsyncs. */
const answerTimeoutMs = 10_000

/** What asking one address came to. On an error: ask again later, ask the next address, or stop, for every member would say the same. */
type Attempt = { readonly answer: JoinAnswer } | Failed
type Failed = { readonly error: RaftError; readonly next: 'later' | 'other' | 'stop' }

/** How the members know that this node may come in, and, if they speak HTTPS, how it knows them and what it shows. */
type Credentials = { readonly secret?: string | undefined; readonly tls?: Certificates | undefined }

/** Asks the members at these HTTP addresses, in turn, to be let into their cluster. The same incarnation may ask as often as it likes. */
export function joinVia(addresses: readonly string[], { secret, tls }: Credentials = {}): (request: JoinRequest) => Promise<JoinAnswer> {
  const targets = addresses.map(address => formatAddress(parseAddress(address, 'join address')))
  const credentials = { secret, fetch: tls && httpsFetch(tls) }
  return async request => {
    const end = performance.now() + patienceMs
    for (;;) {
      const failures: Failed[] = []
      for (const target of targets) {
        const attempt = await ask(target, request, credentials)
        if ('answer' in attempt) return attempt.answer
        if (attempt.next === 'stop') throw attempt.error
        failures.push(attempt)
      }
      const hopeless = failures.every(failure => failure.next === 'other')
      if (hopeless || performance.now() > end) throw combined(failures.map(failure => failure.error))
      await new Promise(resume => setTimeout(resume, pauseMs))
    }
  }
}

function combined(errors: readonly RaftError[]): RaftError {
  const [first] = errors
  if (first !== undefined && errors.length === 1) return first
  return new RaftError(first?.code ?? 'NO_LEADER', `none of the join addresses helped: ${errors.map(error => error.message).join('; ')}`)
}

async function ask(
  target: string,
  { id, address, clientAddress, incarnation, replace }: JoinRequest,
  { secret, fetch: secureFetch }: Pick<Credentials, 'secret'> & { readonly fetch: ReturnType<typeof httpsFetch> | undefined },
): Promise<Attempt> {
  const body = { id, addr: address, http: clientAddress, incarnation, replace } satisfies JoinRequestBody
  let response: Response
  let text: string
  try {
    const signal = AbortSignal.timeout(answerTimeoutMs)
    const headers = secret === undefined ? {} : { Authorization: `Bearer ${secret}` }
    const init = { method: 'POST', headers, body: JSON.stringify(body), signal, redirect: 'manual' as const }
    response = await (secureFetch?.(`https://${target}/join`, init) ?? fetch(`http://${target}/join`, init))
    text = await response.text()
  } catch (error) {
    return { error: noAnswer(target, error), next: 'other' }
  }
  return readAnswer(target, response.status, text)
}

function noAnswer(target: string, error: unknown): RaftError {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined
  const code = cause?.code ?? (error as NodeJS.ErrnoException).code ?? ''
  const isTimeout = error instanceof Error && error.name === 'TimeoutError'
  if (isTimeout) return new RaftError('TIMED_OUT', `${target} does not answer: check the join address`, { cause: error })
  if (code === 'ECONNREFUSED') {
    const message = `nobody listens at ${target}: start that node first, or give --join the HTTP address of another member`
    return new RaftError('ADDRESS_UNAVAILABLE', message, { cause: error })
  }
  if (/CERT|SIGNATURE|ERR_TLS|ERR_SSL/.test(code)) {
    const message = `${target} cannot be trusted, or does not trust this node (${code}): give --join-ca the authority that signs the certificates of members`
    return new RaftError('ADDRESS_UNAVAILABLE', message, { cause: error })
  }
  if (code === 'EPROTO') return notANode(target, 'it does not speak HTTPS, and this node does')
  if (code.startsWith('HPE_') || code === 'UND_ERR_SOCKET' || code === 'ECONNRESET') return notANode(target, 'it does not speak HTTP')
  return new RaftError('ADDRESS_UNAVAILABLE', `cannot reach ${target} (${code || String(error)}): check the join address`, { cause: error })
}

function readAnswer(target: string, status: number, text: string): Attempt {
  const body = parsed(text)
  if (status === 200 && isJoinResponse(body)) {
    return { answer: { clusterId: body.clusterId, nodeId: body.id, members: body.members } }
  }
  if (!isErrorResponse(body)) return { error: notANode(target, `it answered ${status}`), next: 'other' }
  const { code, message } = body.error
  return { error: new RaftError(code as RaftErrorCode, message), next: nextStep(status, code) }
}

function nextStep(status: number, code: string): Failed['next'] {
  if (status === 503 || status === 504 || status === 429) return 'later'
  return code === 'WIPED_MEMBER' || code === 'OLD_FOLDER' || status === 400 ? 'stop' : 'other'
}

function notANode(target: string, why: string): RaftError {
  const advice = 'give --join the HTTP address of a member, not its raft address'
  return new RaftError('INVALID_ARGUMENT', `${target} is not a node of a cluster: ${why}: ${advice}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isJoinResponse(body: unknown): body is JoinResponse {
  if (typeof body !== 'object' || body === null) return false
  const { clusterId, id, members } = body as Partial<Record<keyof JoinResponse, unknown>>
  return typeof clusterId === 'string' && typeof id === 'string' && Array.isArray(members)
}

function isErrorResponse(body: unknown): body is ErrorResponse {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false
  const { error } = body
  return typeof error === 'object' && error !== null && 'code' in error && 'message' in error && typeof error.code === 'string'
}
