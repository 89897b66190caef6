export { type KvServer, type KvServerOptions, startServer } from './start-server.ts'
export { KvStore, type Stored } from './kv-store.ts'
export { type Command, type CommandResult, decodeCommand, encodeCommand, type Pair, resultCodec } from './command.ts'
export { defaultLimits, type Limits } from './http/limits.ts'
