/** Makes a new cluster out of what is left of one that has lost its majority. */
export { describeRecovery } from './describe.ts'
export { type RecoverOptions, type Recovery, recoverCluster } from './recover-cluster.ts'
