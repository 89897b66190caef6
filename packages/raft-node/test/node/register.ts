import type { CommandAt, CommandOutcome, StateMachine } from '../../src/ports.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A state machine that remembers everything, in order. A command that begins with `!` throws. */
export class Register implements StateMachine<string> {
  applied: string[] = []
  restores = 0

  static readonly codec = { encode: (text: string) => encoder.encode(text), decode: (bytes: Uint8Array) => decoder.decode(bytes) }

  static command(text: string): Uint8Array {
    return encoder.encode(text)
  }

  apply(command: Uint8Array): string {
    const text = decoder.decode(command)
    if (text.startsWith('!')) throw new Error(`will not do ${text}`)
    this.applied.push(text)
    return `${text} is number ${this.applied.length}`
  }

  async *snapshot(): AsyncGenerator<Uint8Array> {
    yield encoder.encode(JSON.stringify(this.applied))
  }

  async restore(data: AsyncIterable<Uint8Array>): Promise<void> {
    let json = ''
    for await (const chunk of data) json += decoder.decode(chunk)
    this.applied = JSON.parse(json)
    this.restores += 1
  }
}

/** Takes commands in batches, and remembers how many came at once. */
export class BatchRegister extends Register {
  readonly batches: number[] = []
  /** Forgets the last answer, once. */
  forgets = false

  applyBatch(commands: readonly CommandAt[]): readonly CommandOutcome<string>[] {
    this.batches.push(commands.length)
    const outcomes = commands.map(({ command }): CommandOutcome<string> => {
      try {
        return { result: this.apply(command) }
      } catch (error) {
        return { error }
      }
    })
    return this.forgets ? outcomes.slice(1) : outcomes
  }
}
