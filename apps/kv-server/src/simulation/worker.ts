// Runs the seeds that the simulation's command line asks for, in a process of its own: `worker.ts core|node`.

import { serveSeeds } from 'raft-sim'
import { cores, nodes } from './simulated.ts'

serveSeeds((process.argv[2] === 'core' ? cores : nodes).run)
