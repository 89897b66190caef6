// Plays the console blocks of a document: what it says that a command prints, the command must print.
import { strict as assert } from 'node:assert'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from './ports.ts'
import { Process } from './processes.ts'
import { root } from './raftctl.ts'
import { eventually } from './wait.ts'

type Step = {
  readonly command: string
  /** Lines; `…` stands for any text within a line, and alone on a line for any lines. */
  readonly expected: string
  /** In a terminal of its own: it goes on while the others run. */
  readonly background: boolean
}

/** In the documents. Here each run gets its own, as far apart as those, so that it disturbs nobody and nobody disturbs it. */
const portsOfDocuments = [8180, 8186, 8280, 8286, 8380, 8386, 8480, 8486]
const firstPort = Math.min(...portsOfDocuments)
const portSpan = Math.max(...portsOfDocuments) - firstPort + 1

/** @throws what is different, with the command. */
export async function play(document: string, folder: string): Promise<void> {
  const first = await freePorts(portSpan)
  const own = (text: string) =>
    text
      .replace(/\b8[1-4]8[06]\b/g, port => (portsOfDocuments.includes(Number(port)) ? String(first + Number(port) - firstPort) : port))
      .replaceAll('/tmp/', `${folder}/`)
  const env = {
    ...process.env,
    RAFTCTL_ENDPOINTS: `127.0.0.1:${first}`, // what is asked when a document names nobody
    PATH: `${await shims(folder)}:${process.env.PATH}`,
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    npm_config_loglevel: 'error',
  }
  const steps = stepsOf(own(await readFile(join(root, document), 'utf8')))
  assert(steps.length > 0, `${document} has no commands`)
  for (const { command, expected, background } of steps) {
    const run = () => new Process('bash', ['-c', `{ ${command}\n} 2>&1`], { cwd: root, env })
    const matches = (output: string) =>
      assert(patternOf(expected).test(output.trim()), `$ ${command}\n--- the document says\n${expected}\n--- it printed\n${output}`)
    if (background) {
      const terminal = run()
      await eventually('a terminal shows what it should', () => matches(terminal.stdout), 30_000)
      continue
    }
    await eventually(
      'a command prints what it should',
      async () => {
        const once = run()
        const timer = setTimeout(() => once.signalGroup('SIGKILL'), 120_000)
        await once.ended
        clearTimeout(timer)
        matches(once.stdout)
      },
      20_000,
    )
  }
}

/** `npx raftctl` of a reader, without what npx looks up first. */
async function shims(folder: string): Promise<string> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const raftctl = `exec ${process.execPath} ${join(root, 'apps/raftctl/bin/run.js')}`
  await writeFile(join(bin, 'raftctl'), `#!/bin/sh\n${raftctl} "$@"\n`)
  await writeFile(join(bin, 'npx'), `#!/bin/sh\nshift\n${raftctl} "$@"\n`)
  for (const name of ['raftctl', 'npx']) await chmod(join(bin, name), 0o755)
  return bin
}

export function stepsOf(markdown: string): readonly Step[] {
  const blocks = [...markdown.matchAll(/^```console( terminal)?\n([\s\S]*?)^```$/gm)]
  return blocks.flatMap(([, terminal, text = '']) => {
    const commands = text.split(/^\$ /m).filter(part => part.trim() !== '')
    return commands.map(part => {
      const lines = part.trimEnd().split('\n')
      let at = 0
      while (lines[at]?.endsWith('\\')) at++
      const command = lines.slice(0, at + 1).join('\n')
      return { command, expected: lines.slice(at + 1).join('\n'), background: terminal !== undefined }
    })
  })
}

export function patternOf(expected: string): RegExp {
  const lines = expected.split('\n').map(line => {
    if (line.trim() === '…') return '[^]*'
    return line.trimEnd().split('…').map(literal).join('.*')
  })
  return new RegExp(`^${lines.join('\\s*\\n\\s*').replaceAll('\\s*\\n\\s*[^]*', '[^]*').replaceAll('[^]*\\s*\\n\\s*', '[^]*')}$`)
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
