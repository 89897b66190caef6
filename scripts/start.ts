// npm start: a cluster of real nodes on this machine, each a process of its own, ready for curl.
import { existsSync, readdirSync } from 'node:fs'
import { env } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { portOf, rememberPort } from './start-data.ts'
import { commandFor, StartedNode } from './start-node.ts'
import { fail, type NodePlan, planFrom, shown } from './start-options.ts'
import { firstBusyAddress } from './start-ports.ts'
import { answers, leaderOf } from './start-ready.ts'

const { port, data, nodes: plans } = planFrom(process.argv.slice(2))
const started: StartedNode[] = []
let stopping = false
let introduced = false

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0))
stopWithNpm()

const busy = await firstBusyAddress(plans)
if (busy !== undefined) fail(`${busy} is in use; stop what listens there, or choose other ports: npm start -- --port 9180`)

const known = portOf(data)
if (known !== undefined && known !== port)
  fail(`${shown(data)} holds a cluster of port ${known}; add --port ${known}, or name another --data`)
rememberPort(data, port)

await startAll()
if (!stopping) await introduce()

/** Folders with data start at once, since none of them may have a majority alone; new ones join one after the other. */
async function startAll(): Promise<void> {
  const [old, fresh] = [plans.filter(hasData), plans.filter(plan => !hasData(plan))]
  const founder = old.includes(plans[0] as NodePlan) || old.length === 0 ? plans[0] : old[0]
  // A folder whose first join was cut short must not found a cluster; to one that has joined, --join does no harm.
  const seedOf = (plan: NodePlan) => (plan === founder ? undefined : founder?.http)
  for (const plan of old) start(plan, seedOf(plan))
  await allReady()
  for (const plan of fresh) {
    start(plan, seedOf(plan))
    await allReady()
  }
}

function start(plan: NodePlan, seed: string | undefined): void {
  if (stopping) return
  const node = new StartedNode(plan, seed)
  started.push(node)
  void node.ended.then(how => onEnd(node, how))
}

async function allReady(): Promise<void> {
  for (const node of started) await answers(node.plan.http, '/readyz', () => stopping || !node.running)
}

async function introduce(): Promise<void> {
  introduced = true
  const first = plans[0]?.http ?? ''
  const last = plans.at(-1)?.http ?? ''
  const leader = await leaderOf(first)
  const addresses = plans.map(({ id, http }) => `  ${id}  http://${http}${id === leader ? '  leads' : ''}`)
  console.log(`
${plans.length} nodes, ready:
${addresses.join('\n')}
Try, in another terminal:
  curl -XPOST ${first}/key -d '{"foo": "bar"}'
  curl ${last}/key/foo
  npx raftctl cluster status --endpoint ${first}
Ctrl-C stops them all; their data stays in ${shown(data)}
`)
}

/** A node that ends while the cluster starts ends the whole; later the others go on, which is what a cluster is for. */
function onEnd(node: StartedNode, how: string): void {
  if (stopping) return
  if (!introduced) {
    const reason = how.startsWith('SIG') ? how : node.lastLine.replace(/^raftctl: /, '')
    console.error(`npm start: ${node.plan.id} could not start: ${reason}`)
    void stop(1)
    return
  }
  console.log(`npm start: ${node.plan.id} has ended (${how}); the others go on. Start it again with: ${commandFor(node.plan)}`)
  if (started.every(({ running }) => !running)) process.exit(1)
}

async function stop(exitCode: number): Promise<never> {
  if (stopping) return new Promise(() => {})
  stopping = true
  for (const node of started) node.kill('SIGTERM')
  await Promise.race([Promise.all(started.map(({ ended }) => ended)), sleep(1_900)])
  for (const node of started) node.kill('SIGKILL')
  process.exit(exitCode)
}

/** A killed npm tells nobody; being adopted by another process does. */
function stopWithNpm(): void {
  const parent = process.ppid
  if (env.npm_lifecycle_event !== undefined) setInterval(() => process.ppid !== parent && void stop(0), 500).unref()
}

function hasData({ dir }: NodePlan): boolean {
  return existsSync(dir) && readdirSync(dir).length > 0
}
