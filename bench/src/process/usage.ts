import { readFileSync } from 'node:fs'

/** What a process has used so far; undefined where the system does not tell (it tells on Linux), or it has gone. */
export type Usage = { readonly cpuSeconds: number; readonly memoryMB: number }

/** USER_HZ: the same on every Linux that Node runs on. */
const ticksPerSecond = 100
const pageBytes = 4096

export function usageOf(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold anything, also brackets and blanks: fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [user, system] = [Number(fields[11]), Number(fields[12])]
    const resident = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
    return { cpuSeconds: (user + system) / ticksPerSecond, memoryMB: (resident * pageBytes) / 1e6 }
  } catch {
    return undefined
  }
}
