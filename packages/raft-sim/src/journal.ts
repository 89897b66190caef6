import type { Raft } from 'raft-core'
import { fold, hex } from './hash.ts'

/** What counts as an event: a delivery, an operation of a disk that ended, a timeout that acts, a crash, a call of a client. Idle ticks are none. */
const events = ['deliver', 'saved', 'disk', 'snapshot', 'timeout', 'crash', 'write', 'read', 'member', 'transfer', 'forget'] as const
/** What else has a line of its own. */
const incidents = ['restart', 'pause', 'resume', 'fault', 'heal', 'join', 'close', 'answer'] as const

export type EventKind = (typeof events)[number] | (typeof incidents)[number]
/** The code of each kind, for the hash; those of events come first. */
const codes = new Map<EventKind, number>([...events, ...incidents].map((kind, code) => [kind, code]))

export const columns = '   step     time  node  role          term   log  commit  applied  what'

/** Where an event happens: a node, if one is meant, with its core while it is up. */
export type Place = { readonly id: string; readonly number: number; readonly core: Raft | undefined; readonly applied: number }

/**
 * Everything that happens in a run, in order: always as a hash, and as lines of text when somebody reads along. The hash takes numbers only,
 * so reading along changes nothing.
 */
export class Journal {
  /** Counts the lines. */
  step = 0
  /** Counts those that are events. */
  events = 0
  #hash = 0
  readonly #print: ((line: string) => void) | undefined
  #held: string[] | undefined

  constructor(print: ((line: string) => void) | undefined) {
    this.#print = print
  }

  get hash(): string {
    return hex(this.#hash)
  }
  get isRead(): boolean {
    return this.#print !== undefined
  }

  /** `a` and `b` say for the hash what `text` says to the reader. */
  record(kind: EventKind, now: number, place: Place | undefined, a: number, b: number, text: () => string): void {
    this.step++
    const code = codes.get(kind)!
    if (code < events.length) this.events++
    let hash = fold(fold(this.#hash, code), now * 1024)
    if (place !== undefined) {
      hash = fold(hash, place.number)
      const { core } = place
      if (core !== undefined) hash = fold(fold(hash, core.term * 4096 + core.commit), core.applied)
    }
    this.#hash = fold(fold(hash, a), b)
    if (this.#print === undefined) return
    this.#print(this.#line(kind, now, place, text()))
    this.release()
  }

  /** Something that explains the event before it; not an event of its own. */
  note(text: string): void {
    const line = `${' '.repeat(65)}  · ${text}`
    if (this.#held) this.#held.push(line)
    else this.#print?.(line)
  }
  /** Notes wait for the line of the event that they belong to. */
  hold(): void {
    if (this.#print !== undefined) this.#held = []
  }
  release(): void {
    const held = this.#held
    this.#held = undefined
    for (const line of held ?? []) this.#print?.(line)
  }

  #line(kind: EventKind, now: number, place: Place | undefined, text: string): string {
    const start = `${String(this.step).padStart(7)} ${(now / 1000).toFixed(3).padStart(8)}`
    if (place === undefined) return `${start}  ${'-'.padEnd(46)}  ${kind} ${text}`
    const { core } = place
    const state =
      core === undefined
        ? 'down'.padEnd(40)
        : `${core.role.padEnd(12)} ${String(core.term).padStart(5)} ${String(core.status().last.index).padStart(5)} ${String(core.commit).padStart(7)} ${String(place.applied).padStart(8)}`
    return `${start}  ${place.id.padEnd(5)} ${state}  ${kind} ${text}`
  }
}
