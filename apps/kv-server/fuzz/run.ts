// `npm run fuzz -w kv-server -- --requests N --seed S`: requests that no client would send, at a server over one node. What must hold: each that is whole
// gets an answer, no answer is 500, nothing that was answered with 4xx reached the log, and memory stays where it was.
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startServer } from 'kv-server'
import { countFrom, optionsFrom } from '../../../scripts/options.ts'
import { Chance, randomRequest } from './requests.ts'
import { isNoAnswer, isWholeAnswer, isWholeRequest, statusIn } from './wire.ts'

const usage = 'npm run fuzz -w kv-server -- [--requests N] [--seed S]    default 20000 requests, from seed 1'
const asked = optionsFrom(usage, ['requests', 'seed'])
const total = countFrom('--requests', asked.requests ?? '20000')
const seed = countFrom('--seed', asked.seed ?? '1', 0)
const chance = new Chance(seed)
const connections = 16
const growthMax = 300 * 1024 * 1024

const problems: string[] = []
process.on('unhandledRejection', error => problems.push(`unhandled rejection: ${String(error)}`))
process.on('uncaughtException', error => problems.push(`uncaught exception: ${String(error)}`))

const dir = await mkdtemp(join(tmpdir(), 'kv-fuzz-'))
const limits = { answerTimeoutMs: 500, waitTimeoutMs: 20, headersTimeoutMs: 500, requestTimeoutMs: 500, listItemsMax: 1_000 }
const server = await startServer({ dir, http: 'localhost:0', raft: 'localhost:0', limits })
const port = Number(server.httpAddress.split(':')[1])
await server.node.waitForLeader()
const memoryAtFirst = process.memoryUsage().rss

const statuses = new Map<string, number>()
let sent = 0
await Promise.all(Array.from({ length: connections }, work))

const alive = await fetch(`http://${server.httpAddress}/readyz`).then(answer => answer.status)
if (alive !== 200) problems.push(`/readyz answers ${alive} afterwards`)
const grown = process.memoryUsage().rss - memoryAtFirst
if (grown > growthMax) problems.push(`memory has grown by ${Math.round(grown / 1024 / 1024)} MiB`)
await checkLog()
await server.close()
await rm(dir, { recursive: true, force: true })

const seen = [...statuses].sort().map(([status, count]) => `${status}: ${count}`)
process.stdout.write(`${sent} requests from seed ${seed}: ${seen.join(', ')}; memory grew by ${Math.round(grown / 1024 / 1024)} MiB\n`)
for (const problem of problems.slice(0, 20)) process.stdout.write(`PROBLEM ${problem}\n`)
process.exitCode = problems.length === 0 ? 0 : 1

async function work(): Promise<void> {
  while (sent < total && problems.length < 100) {
    sent++
    const request = randomRequest(chance)
    // Who says no more wants to hear no more, and need not get an answer.
    const saysNoMore = !isWholeRequest(request) || chance.is(0.1)
    const answer = await exchange(request, saysNoMore)
    const status = statusIn(answer) ?? 'none'
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (status === '500' || (status === 'none' && !(saysNoMore && isNoAnswer(answer))))
      problems.push(`${status} for ${JSON.stringify(request.toString('latin1')).slice(0, 300)}`)
  }
}

/** Resolves with what came back until the answer is whole or the server closes. */
function exchange(request: Buffer, saysNoMore: boolean): Promise<string> {
  const isForHead = request.toString('latin1', 0, 5) === 'HEAD '
  return new Promise(resolve => {
    let text = ''
    let bytes = 0
    const socket = connect(port, '127.0.0.1', () => (saysNoMore ? socket.end(request) : socket.write(request)))
    const timer = setTimeout(() => socket.destroy(), 10_000)
    socket.on('data', chunk => {
      if (text.length < 1_000) text += chunk.toString('latin1')
      bytes += chunk.length
      if (text.includes('text/event-stream') || isWholeAnswer(text, bytes, isForHead)) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(text)
    })
  })
}

/** One wrong request after the other, alone: the log must not grow. */
async function checkLog(): Promise<void> {
  let checked = 0
  for (let tries = 0; tries < 2_000; tries++) {
    const request = randomRequest(chance)
    const { grew, status } = await loggedBy(request)
    if (status === undefined) continue
    checked++
    // Log time is recorded now and then, by nobody's request: only what does it again and again did it.
    if (grew && (await loggedBy(request)).grew && (await loggedBy(request)).grew && (await loggedBy(request)).grew) {
      problems.push(`a request that was answered with ${status} is in the log: ${JSON.stringify(request.toString('latin1')).slice(0, 300)}`)
    }
  }
  process.stdout.write(`${checked} wrong requests, one at a time, were looked for in the log\n`)
}

/** What a store refuses has been through the log, since only there it is decided: no status then. */
async function loggedBy(request: Buffer): Promise<{ readonly grew: boolean; readonly status: number | undefined }> {
  const before = server.node.status().last.index
  const answer = await exchange(request, !isWholeRequest(request))
  const status = Number(statusIn(answer))
  const decidedByStore = /LEASE_NOT_FOUND|PRECONDITION_FAILED|IDEMPOTENCY|RESTORE_LOST|SECRET_UNKNOWN|INVALID_SNAPSHOT/.test(answer)
  const isWrong = status >= 400 && status < 500 && !decidedByStore
  return { grew: server.node.status().last.index !== before, status: isWrong ? status : undefined }
}
