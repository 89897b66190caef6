import { env } from 'node:process'

/** What a node says once it serves: who it is, where it listens, and what to try. */
export type Running = {
  readonly id: string
  readonly clusterId: string
  readonly dir: string
  readonly httpAddress: string
  readonly raftAddress: string
}

export function banner(node: Running, options: { readonly program: string; readonly quiet: boolean }): string {
  const lines = [
    `node ${node.id} of cluster ${node.clusterId.slice(0, 8)}, data in ${node.dir}`,
    `  clients   http://${node.httpAddress}`,
    `  peers     ${node.raftAddress}`,
  ]
  return (options.quiet ? lines : [...lines, ...hints(node, options.program)]).join('\n')
}

function hints({ httpAddress }: Running, program: string): string[] {
  return [
    'Try, in another terminal:',
    `  curl -XPOST ${httpAddress}/key -d '{"foo": "bar"}'`,
    `  curl ${httpAddress}/key/foo`,
    `  ${program} cluster status --endpoint ${httpAddress}`,
  ]
}

/** How this program was called, so that what it suggests can be pasted. */
export function programName(bin: string): string {
  return env.npm_command === 'exec' ? `npx ${bin}` : bin
}
