import { type Command, Config, execute, settings } from '@oclif/core'
import NodeJoin from '../commands/node/join.ts'
import NodeStart from '../commands/node/start.ts'

/**
 * `raftctl node start` and `node join` with all that they need: bin/bundle.js makes few files of this, for finding and loading some hundred
 * modules one by one is much of what a start costs. Everything else that oclif does, it does as ever. `root`: the folder of this package.
 */
export async function run(root: string): Promise<void> {
  settings.enableAutoTranspile = false
  const config = await Config.load({ root })
  for (const [id, command] of Object.entries<Command.Class>({ 'node:start': NodeStart, 'node:join': NodeJoin })) {
    config.findCommand(id, { must: true }).load = async () => Object.assign(command, { id, plugin: config.plugins.get(config.name) })
  }
  await execute({ loadOptions: config })
}
