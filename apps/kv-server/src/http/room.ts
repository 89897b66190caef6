import type { Command } from '../store/command.ts'
import type { Service } from './exchange.ts'
import { Refusal } from './refusal.ts'

/** Why nothing more can be written here; undefined: it can. A log that meets the end of its disk must stop, so writes stop before. */
export function diskProblem({ host, limits }: Service): string | undefined {
  const { freeBytes } = host
  if (freeBytes === undefined || freeBytes >= limits.diskFreeBytesMin) return undefined
  return `disk full: ${mebibytes(freeBytes)} left, and ${mebibytes(limits.diskFreeBytesMin)} are kept free: make room, or ask another node`
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`
}

/** @throws Refusal 503. */
export function checkDisk(service: Service): void {
  const problem = diskProblem(service)
  if (problem !== undefined) throw new Refusal(503, 'DISK_FULL', problem)
}

/**
 * Whether one lease more, or one place at a lock, still fits. By what this node has applied: requests of the same moment may together go a
 * little beyond, which harms nobody. @throws Refusal 429.
 */
export function checkRoom(command: Command, { store, limits }: Service): void {
  if (makesLease(command) && store.leases.size >= limits.leasesMax) {
    throw full(`there are ${store.leases.size} leases, and no more may be: revoke some, or wait until some have run out`)
  }
  if (command.type !== 'lock' || store.locks.has(command.name, command.lease)) return
  if (store.locks.places >= limits.lockPlacesMax) {
    throw full(`${store.locks.places} leases hold or wait for a lock, and no more may: release some, or wait until some have run out`)
  }
}

function makesLease(command: Command): boolean {
  if (command.type !== 'txn') return command.type === 'grant'
  const { onSuccess, onFailure } = command
  return [onSuccess, onFailure].some(operations => operations.some(operation => operation.op === 'put' && operation.ttlMs > 0))
}

function full(why: string): Refusal {
  return new Refusal(429, 'LIMIT_REACHED', why)
}
