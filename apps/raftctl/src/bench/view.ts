import { msText } from '../output/units.ts'
import type { Measured } from './load.ts'

export function measuredText({ requests, failed, firstError, seconds, perSecond, latencyMs }: Measured): string {
  const { mean, p50, p90, p99, p999, max } = latencyMs
  const shown = [
    ['REQUESTS', `${requests} in ${seconds} s: ${Math.round(perSecond)} a second`],
    ...(failed > 0 ? [['FAILED', `${failed}; the first: ${firstError}`]] : []),
    [
      'LATENCY',
      `mean ${msText(mean)}, p50 ${msText(p50)}, p90 ${msText(p90)}, p99 ${msText(p99)}, p99.9 ${msText(p999)}, max ${msText(max)}`,
    ],
  ]
  return shown.map(([name = '', value = '']) => `${name.padEnd(10)}${value}`).join('\n')
}
