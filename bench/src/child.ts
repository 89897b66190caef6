import { spawn } from 'node:child_process'

export type Command = { readonly file: string; readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string }

/** Runs a program to its end and returns what it printed. Rejects with one line of what went wrong. */
export function outputOf({ file, args, env, cwd }: Command, secondsAtMost: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: secondsAtMost * 1000 })
  let out = ''
  let complaints = ''
  child.stdout.setEncoding('utf8').on('data', text => (out += text))
  child.stderr.setEncoding('utf8').on('data', text => (complaints += text))
  child.on('error', reject)
  child.on('close', (code, signal) => {
    if (code === 0) return resolve(out)
    const reason = complaints.trim().split('\n').at(-1) || (signal === null ? `exit code ${code}` : `ended by ${signal}`)
    reject(new Error(`${file} ${args[0] ?? ''}: ${reason}`))
  })
  return promise
}
