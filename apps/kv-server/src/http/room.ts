import type { Command } from '../store/command.ts'
import type { Service } from './exchange.ts'
import { Refusal } from './refusal.ts'

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
