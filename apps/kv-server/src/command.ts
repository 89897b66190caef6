import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts'

/** What the log says to the store. */
export type Command =
  /** All pairs or none. */
  { readonly type: 'set'; readonly pairs: readonly Pair[] } | { readonly type: 'delete'; readonly key: string }

export type Pair = readonly [key: string, value: string]

/** What the store answers. A revision is the log index of the command that made it. */
export type CommandResult =
  | { readonly type: 'set'; readonly revision: number }
  | { readonly type: 'delete'; readonly revision: number; readonly deleted: boolean }
  /** Part of the protocol, not an exception: every node must answer the same to the same bytes. */
  | { readonly type: 'malformed'; readonly message: string }

const version = 1
const commandTags = { set: 1, delete: 2 } as const
const resultTags = { set: 1, delete: 2, malformed: 3 } as const

/**
 * A command as bytes: format version, tag, then keys and values as UTF-8 after their lengths. Never longer than the same pairs as JSON,
 * so a limit on request bodies bounds log entries too.
 */
export function encodeCommand(command: Command): Uint8Array {
  const writer = new ByteWriter().byte(version).byte(commandTags[command.type])
  if (command.type === 'delete') return writer.text(command.key).finish()
  writer.integer(command.pairs.length)
  for (const [key, value] of command.pairs) writer.text(key).text(value)
  return writer.finish()
}

/** The command, or why there is none: logs outlive the code that wrote them, so nothing that one can hold may throw here. */
export function decodeCommand(bytes: Uint8Array): Command | { readonly type: 'malformed'; readonly message: string } {
  try {
    return readCommand(new ByteReader(bytes))
  } catch (error) {
    if (error instanceof MalformedBytes) return { type: 'malformed', message: `the command ${error.message}` }
    throw error
  }
}

function readCommand(reader: ByteReader): Command {
  const format = reader.byte()
  if (format !== version) throw new MalformedBytes(`has format version ${format}, this store knows ${version}`)
  const tag = reader.byte()
  const command = tag === commandTags.set ? readSet(reader) : tag === commandTags.delete ? readDelete(reader) : undefined
  if (command === undefined) throw new MalformedBytes(`has the unknown tag ${tag}`)
  reader.end()
  return command
}

function readSet(reader: ByteReader): Command {
  const count = reader.integer()
  const pairs: Pair[] = [] // grows with what is really there: a count is only a claim
  for (let read = 0; read < count; read++) pairs.push([reader.text(), reader.text()])
  return { type: 'set', pairs }
}

function readDelete(reader: ByteReader): Command {
  return { type: 'delete', key: reader.text() }
}

/** Results as bytes, for callers on another node than the one that applied the command. `decode` throws on what is no result. */
export const resultCodec = {
  encode(result: CommandResult): Uint8Array {
    const writer = new ByteWriter(64).byte(version).byte(resultTags[result.type])
    if (result.type === 'malformed') return writer.text(result.message).finish()
    writer.integer(result.revision)
    if (result.type === 'delete') writer.byte(result.deleted ? 1 : 0)
    return writer.finish()
  },

  decode(bytes: Uint8Array): CommandResult {
    const reader = new ByteReader(bytes)
    const format = reader.byte()
    const tag = reader.byte()
    if (format !== version) throw new MalformedBytes(`the result has format version ${format}, this node knows ${version}`)
    if (tag === resultTags.set) return { type: 'set', revision: reader.integer() }
    if (tag === resultTags.delete) return { type: 'delete', revision: reader.integer(), deleted: reader.byte() === 1 }
    if (tag === resultTags.malformed) return { type: 'malformed', message: reader.text() }
    throw new MalformedBytes(`the result has the unknown tag ${tag}`)
  },
}
