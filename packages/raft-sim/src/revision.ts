import { execFileSync } from 'node:child_process'

/** The commit that is checked out here, marked if files differ from it. Undefined where there is no git, or no repository. */
export function gitRevision(): string | undefined {
  try {
    const text = execFileSync('git', ['describe', '--always', '--dirty=, changed since', '--exclude=*'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return text.trim()
  } catch {
    return undefined
  }
}
