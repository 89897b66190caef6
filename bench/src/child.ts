import { spawn } from 'node:child_process'

export type Command = {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** Beside the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a program to its end and returns what it printed. Rejects with one line of what went wrong. */
export function outputOf({ file, args, cwd, env }: Command, secondsAtMost: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: secondsAtMost * 1000,
    })
    let printed = ''
    let complaints = ''
    child.stdout.setEncoding('utf8').on('data', text => (printed += text))
    child.stderr.setEncoding('utf8').on('data', text => (complaints += text))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve(printed)
      else reject(new Error(complaint(complaints) ?? (signal === null ? `exit code ${code}` : `ended by ${signal}`)))
    })
  })
}

/** The line that says what is wrong: the first that names an error, or the last. */
export function complaint(text: string): string | undefined {
  const lines = text.split('\n').filter(line => line.trim() !== '')
  return lines.find(line => /error/i.test(line)) ?? lines.at(-1)
}
