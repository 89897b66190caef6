import { Cluster } from './cluster.ts'
import { commands } from './commands.ts'
import { parseScript } from './parse.ts'

/** Plays a script and returns it with what each of its blocks printed. `cells` gathers the rules that its messages met. */
export function runScript(script: string, cells?: Set<string>): string {
  let printed: string[] = []
  let silent = false
  const cluster = new Cluster(line => {
    if (!silent) printed.push(line)
  })
  const blocks = parseScript(script).map(({ input, commands: list }) => {
    printed = []
    for (const command of list) {
      silent = command.silent
      const run = commands[command.name]
      if (run === undefined) throw new Error(`no such command: ${command.name}`)
      run(cluster, command)
    }
    return `${input}\n---\n${printed.join('\n') || 'ok'}\n`
  })
  for (const cell of cluster.cells) cells?.add(cell)
  return blocks.join('\n')
}
