import type { Entry, Index, Term } from 'raft-core'
import type { Applied, RaftError } from 'raft-node'
import { envelopeIn } from 'raft-node'
import type { Ghost } from '../invariants/ghost.ts'
import { Violation } from '../invariants/invariant.ts'
import type { Application, Model } from './application.ts'
import { Recording } from './recording.ts'
import { ReplayModel } from './replay-model.ts'
import { type Backup, RestoreModel } from './restore-model.ts'
import { SessionModel } from './session-model.ts'

/** How often the same bytes were sent, how often for certain in vain, and how often they were applied. */
type Command = { issued: number; failed: number; applied: number }

/** An operation of a client, from its call on. */
export type Call = {
  readonly text: string
  /** What operations that had ended before it began have shown: it must not see less, and a write comes after it. */
  readonly floor: Index
}
export type WriteCall = Call & { readonly key: string }

/**
 * What clients did and saw. All operations have a place in one order, the log; so it is enough to hold that order against real time,
 * and every answer against the state at its place.
 */
export class History<Result> {
  readonly #ghost: Ghost
  readonly #codec: Application<Result>['resultCodec']
  readonly #model: Model<Result>
  readonly #sessions = new SessionModel()
  readonly #restores = new RestoreModel()
  readonly #commands = new Map<string, Command>()
  /** What was applied where, and what came of it. */
  readonly #applied = new Map<Index, { readonly key: string; readonly result: string }>()
  readonly #acknowledged = new Set<Index>()
  /** The same, for whoever looks for an order without the indices of the log. */
  readonly recording: Recording<Result>
  /** The greatest index that an operation has shown. */
  #shown: Index = 0

  constructor(ghost: Ghost, application: Application<Result>) {
    this.#ghost = ghost
    this.#codec = application.resultCodec
    this.#model = application.model?.() ?? new ReplayModel(() => application.create())
    this.recording = new Recording(application.keys)
  }

  get shown(): Index {
    return this.#shown
  }
  get acknowledgements(): number {
    return this.#acknowledged.size
  }

  // ── calls ──

  writes(text: string, bytes: Uint8Array): WriteCall {
    const key = textOf(bytes)
    const command = this.#commands.get(key) ?? { issued: 0, failed: 0, applied: 0 }
    command.issued++
    this.#commands.set(key, command)
    this.recording.writes(text, bytes)
    return { text, floor: this.#shown, key }
  }
  /** Undefined: the same was sent before, and nobody could tell them apart. */
  restores(text: string, data: Uint8Array, backup: Backup): WriteCall | undefined {
    return this.#restores.sends(textOf(data), backup) ? this.writes(text, data) : undefined
  }
  asks(text: string): Call {
    this.recording.asks(text)
    return { text, floor: this.#shown }
  }

  acknowledged({ text, key, floor }: WriteCall, { index, term, result }: Applied<Result>): void {
    const applied = this.#applied.get(index)
    if (applied === undefined || this.#ghost.committed.termAt(index) !== term) {
      throw broken(`${text} is acknowledged at ${index}@${term}, where nothing was applied`)
    }
    if (applied.key !== key) throw broken(`${text} is acknowledged at ${index}, where another command was applied`)
    if (this.#acknowledged.has(index)) throw broken(`${text} is acknowledged at ${index}, like another write before it`)
    if (index <= floor) throw broken(`${text} is acknowledged at ${index}; when it began, ${floor} had been seen`)
    if (this.#show(result) !== applied.result) throw broken(`${text} got another result than the state machine gives at ${index}`)
    this.#acknowledged.add(index)
    this.recording.acknowledged(text, result)
    this.#shows(index)
  }

  /** The state that it sent is the state since this index. */
  restored({ text, key, floor }: WriteCall, index: Index): void {
    if (this.#applied.get(index)?.key !== key) throw broken(`${text} took place at ${index}, where something else was applied`)
    if (index <= floor) throw broken(`${text} took place at ${index}; when it began, ${floor} had been seen`)
    this.#shows(index)
  }

  /** It ended in an error that says that it had no effect, and never will. */
  failed({ text, key }: WriteCall, error: RaftError): void {
    const command = this.#commands.get(key)!
    command.failed++
    this.recording.failed(text)
    if (command.applied <= command.issued - command.failed) return
    throw broken(`${text} failed with ${error.code}, outcome not-applied; it was applied (${error.message})`)
  }

  /** Its answer is not kept any more, so it was applied. */
  forgotten({ text, key }: WriteCall): void {
    if (this.#commands.get(key)!.applied === 0) throw broken(`${text} is said to be applied before; it never was`)
  }

  /** A node was asked and answered at this index; `stale`: with what it had. */
  read({ text, floor }: Call, question: string, answer: string, index: Index, stale: boolean): void {
    const right = this.#model.answer(question, index)
    if (answer !== right) throw broken(`${text} is answered ${answer} at ${index}; it was ${right}`)
    if (stale) return
    if (index < floor) throw broken(`${text} is answered at ${index}; when it was asked, ${floor} had been seen`)
    this.recording.answered(text, question, answer)
    this.#shows(index)
  }
  /** Everything up to here was seen by whoever called. */
  passed({ text, floor }: Call, index: Index): void {
    if (index < floor) throw broken(`${text} ended at ${index}; when it began, ${floor} had been seen`)
    this.#shows(index)
  }

  #shows(index: Index): void {
    this.#shown = Math.max(this.#shown, index)
  }

  // ── the log ──

  /** Some node is the first to apply this entry. */
  applies({ index, term, ...entry }: Entry): void {
    const envelope = entry.type === 'command' ? envelopeIn(entry.data) : undefined
    if (envelope === undefined) return
    const restored = this.#restores.takes(envelope, { index, term }, textOf)
    if (restored !== undefined) {
      this.#happens(restored.key, index, term)
      this.#applied.set(index, { key: restored.key, result: '' })
      this.#model.restore?.(restored.backup?.commands ?? [], index)
      return
    }
    const bytes = this.#sessions.commandIn(envelope, index)
    if (bytes === undefined) return
    const key = textOf(bytes)
    this.#happens(key, index, term)
    this.#applied.set(index, { key, result: this.#show(this.#model.apply(bytes, index)) })
  }

  #happens(key: string, index: Index, term: Term): void {
    const command = this.#commands.get(key)
    if (command === undefined) throw broken(`the command at ${index}@${term} was sent by nobody`)
    command.applied++
    if (command.applied > command.issued - command.failed) {
      const why = command.failed > 0 ? 'its caller was told that it was not' : 'it was sent only once'
      throw broken(`the command at ${index}@${term} is applied, but ${why}`)
    }
  }

  /** Of the state that a client has put in place here, if one has. */
  restoredDigest(index: Index): number | undefined {
    return this.#restores.digestAt(index)
  }

  /** Whoever applies a command gets the result that everybody gets. */
  gets(index: Index, result: Result): void {
    const applied = this.#applied.get(index)
    if (applied === undefined) throw broken(`the state machine is given a command at ${index}, where none is to be applied`)
    if (applied.result !== this.#show(result)) throw broken(`the command at ${index} has another result than elsewhere`)
  }

  /** A node has gone past this entry, and has given the state machine a command for it, or not. */
  reached(index: Index, given: boolean): void {
    if (!given && this.#applied.has(index)) throw broken(`the command at ${index} was not given to the state machine`)
  }

  #show(result: Result): string {
    return textOf(this.#codec.encode(result))
  }
}

function broken(message: string): Violation {
  return new Violation('client', undefined, message)
}

/** Bytes as text, one character for each: something that a map can find. */
function textOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
