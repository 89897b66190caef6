// Propose: say what you want, and learn later what became of it. Set: ask, and wait for the answer. The same write, both ways.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRaft } from 'raft-core'
import { ReplicatedMap } from 'raft-node'

// Propose, on the core alone. It answers at once, with a position in the log: a promise of nothing.
const membership = { voters: ['n1'], outgoing: [], learners: [], learnersNext: [], autoLeave: false, promoting: [] }
const snapshot = { term: 1, index: 1, membership, data: new Uint8Array() }
const raft = createRaft({ id: 'n1', random: Math.random, restored: { snapshot } })
raft.campaign()
perform()
const proposed = raft.propose(new TextEncoder().encode('color = green'))
console.log('propose:', JSON.stringify(proposed))
perform()

/** What a driver does: save, then apply. Only now is the outcome known: this position, with this term, was committed. */
function perform(): void {
  while (raft.hasReady()) {
    const ready = raft.ready()
    for (const entry of ready.apply) {
      const { term, index } = entry
      if (entry.type === 'command') console.log('applied:', JSON.stringify({ term, index }), new TextDecoder().decode(entry.data))
    }
    raft.advance(ready)
  }
}

// Set, on a node that does all of this. It answers when the write is on the disks of a majority, and applied.
const dir = await mkdtemp(join(tmpdir(), 'workshop-'))
const map = await ReplicatedMap.open<string>({ id: 'n1', dir, listen: '127.0.0.1:0', bootstrap: true })
await map.set('color', 'green')
console.log('set, then get:', await map.get('color'))
await map.close()
await rm(dir, { recursive: true })
