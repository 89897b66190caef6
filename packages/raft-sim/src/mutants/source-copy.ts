import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Patch } from './patch-file.ts'
import { PatchError } from './patch-file.ts'

/** What is made from the sources, or is not theirs. */
const leftOut = new Set(['node_modules', 'dist', '.git', '.turbo', 'coverage'])

/** With and without a/ and b/; then with line counts that somebody got wrong by hand, or without lines around the change. */
const fits = [['-p1'], ['-p0'], ['-p1', '--recount', '--unidiff-zero'], ['-p0', '--recount', '--unidiff-zero']]

/** A copy of the repository's sources in a temporary folder, where a patch does no harm. */
export class SourceCopy {
  readonly root: string

  constructor(repository: string) {
    this.root = mkdtempSync(join(tmpdir(), 'raft-mutant-'))
    cpSync(repository, this.root, { recursive: true, filter: path => !leftOut.has(basename(path)) || path === repository })
    this.#linkModules(join(repository, 'node_modules'))
  }

  /** Packages of others stay where they are. Those of the repository are found in the copy. */
  #linkModules(modules: string): void {
    const copied = join(this.root, 'node_modules')
    mkdirSync(copied)
    for (const entry of readdirSync(modules, { withFileTypes: true })) {
      const from = join(modules, entry.name)
      const target = entry.isSymbolicLink() ? readlinkSync(from) : from
      symlinkSync(target, join(copied, entry.name))
    }
  }

  /** Throws a PatchError, in git's words, when the patch does not fit the sources. */
  async apply(patch: Patch): Promise<void> {
    const file = join(this.root, 'mutant.patch')
    writeFileSync(file, patch.text)
    const problems: string[] = []
    for (const how of fits) {
      const { status, output } = await run('git', ['apply', ...how, '--whitespace=nowarn', file], this.root)
      if (status === 0) return
      problems.push(output)
    }
    throw new PatchError(`${patch.name} does not apply:\n${problems[0]}`)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** Runs a program to its end. */
export function run(command: string, args: readonly string[], cwd: string): Promise<{ status: number; output: string }> {
  return new Promise((resolve, reject) => {
    // Otherwise git would take the copy for part of a repository around it, and skip what is outside.
    const env = { ...process.env, GIT_CEILING_DIRECTORIES: tmpdir(), NO_COLOR: '1' }
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    child.stderr.on('data', (data: Buffer) => (output += data.toString()))
    child.on('error', reject)
    child.on('close', status => resolve({ status: status ?? 1, output: output.trim() }))
  })
}
