// Runs every test (arguments go to vitest) and ends with one line: N passed, N failed[, N skipped].
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[]
}

const folder = mkdtempSync(join(tmpdir(), 'raft-test-'))
const file = join(folder, 'report.json')
const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]

const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))

child.on('close', code => {
  const { passed, failed, skipped } = count(read())
  // vitest also fails for what no test owns, such as an unhandled rejection.
  const failures = code !== 0 && failed === 0 ? 1 : failed
  console.log(`\n${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  process.exitCode = failures > 0 ? 1 : 0
  rmSync(folder, { recursive: true, force: true })
})

function read(): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function count(report: Report | undefined): { passed: number; failed: number; skipped: number } {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 }
  // A file fails without a failed test when it cannot be loaded, or when one of its hooks fails.
  const files = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some(test => test.status === 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + files.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}
