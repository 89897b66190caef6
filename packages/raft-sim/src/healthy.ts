import type { RunResult } from './core-simulation.ts'
import { simulateCore } from './core-simulation.ts'
import type { Scenario } from './faults.ts'
import { calm } from './faults.ts'

const tickMs = 100
const electionTicks = 10
const timeoutMs = tickMs * electionTicks

/** Five nodes to which nothing happens, and whose clients write once and read once a second on average. */
const scenario: Scenario = {
  voters: 5,
  learners: 0,
  maxNodes: 5,
  tickMs,
  timeoutMs,
  options: {
    electionTicks,
    heartbeatTicks: 1,
    preVote: true,
    checkQuorum: true,
    stepDownOnRemoval: true,
    overlapping: true,
    forwardProposals: false,
    maxMessageBytes: 1024 * 1024,
    maxApplyBytes: 8 * 1024 * 1024,
    maxInflight: 256,
    maxInflightBytes: Infinity,
    maxUncommittedBytes: Infinity,
    leaseDuration: 0,
  },
  maxSaves: 16,
  stepwise: false,
  applyEach: false,
  applyMs: [0, 0],
  snapshotEvery: 1000,
  trailing: 20,
  writeMs: 1000,
  readMs: 1000,
  leaseReads: false,
  faults: calm(timeoutMs),
}

/**
 * How fast a simulated cluster is when it has as much to do as a real one that is well: an hour of it, with every invariant on. The other
 * runs are slower than that because more happens in them.
 */
export function simulateHealthy(): RunResult {
  // Ends with the simulated time, which is an hour, and not with the events. With this seed all nodes are well after it, too.
  return simulateCore({ seed: 3, events: Infinity, scenario: () => scenario })
}
