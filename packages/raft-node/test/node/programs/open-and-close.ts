// A node that serves, takes a snapshot, and closes. Says what is left then, and how long the process lived on because of it.
import { ReplicatedMap } from '../../../src/index.ts'

const [dir = '', log] = process.argv.slice(2)
const map = await ReplicatedMap.open<string>({
  id: 'n1',
  dir,
  listen: '127.0.0.1:0',
  bootstrap: true,
  log: log === 'wal' ? 'wal' : 'level',
})
await map.set('a', '1')
await map.node.snapshot()
await new Promise(resolve => setTimeout(resolve, 300)) // so that what looks now and then has looked
await map.set('a', '2') // the watermark waits to be synced
await map.node.close()
const left = process.getActiveResourcesInfo()
const closed = performance.now()
process.once('exit', () => console.log(JSON.stringify({ left, msToExit: performance.now() - closed })))
