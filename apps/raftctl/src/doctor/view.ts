import type { View } from '../output/render.ts'
import { count } from '../output/units.ts'
import type { Finding, Severity } from './checks.ts'

export type Diagnosis = { readonly verdict: Severity; readonly findings: readonly Finding[] }

const marks: Readonly<Record<Severity, string>> = { ok: 'ok', warning: 'WARN', bad: 'BAD' }

export function diagnosisOf(findings: readonly Finding[]): Diagnosis {
  const worst = (['bad', 'warning'] as const).find(severity => findings.some(finding => finding.severity === severity))
  return { verdict: worst ?? 'ok', findings }
}

/** One line for each check; under what is not in order, what to do. */
export const diagnosisView: View<Diagnosis> = {
  table: ({ findings }) => {
    const width = Math.max(...findings.map(({ check }) => check.length))
    const lines = findings.flatMap(({ check, severity, found, advice }) => {
      const line = `${marks[severity].padEnd(4)}  ${check.padEnd(width)}  ${found}`
      return advice === '' ? [line] : [line, `${' '.repeat(width + 8)}→ ${advice}`]
    })
    return [...lines, '', summary(findings)].join('\n')
  },
  rows: ({ findings }) => findings,
}

function summary(findings: readonly Finding[]): string {
  const [bad, warnings] = (['bad', 'warning'] as const).map(severity => findings.filter(finding => finding.severity === severity).length)
  if (!bad && !warnings) return `${findings.length} checks, all in order.`
  const parts = [bad ? count(bad, 'problem') : '', warnings ? count(warnings, 'warning') : ''].filter(part => part !== '')
  return `${findings.length} checks: ${parts.join(' and ')}.`
}
