// Runs seeds for whoever hunts a planted bug, and tells of each: `hunt.ts core|node FIRST LAST STEP`, as a child of the mutants runner.

import { runSeeds } from 'raft-sim'
import { cores, nodes } from './simulated.ts'

const [hunter, ...numbers] = process.argv.slice(2)
const [first = 1, last = 1, step = 1] = numbers.map(Number)

// Whoever asked is gone.
const orphaned = () => process.exit(1)
process.on('disconnect', orphaned)
await runSeeds((hunter === 'core' ? cores : nodes).run, { first, last, step }, report => process.send?.(report))
process.off('disconnect', orphaned)
process.disconnect()
