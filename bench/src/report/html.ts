import { describeConditions } from '../conditions/conditions.ts'
import type { Plot } from '../figure.ts'
import { busyWarning, describeMachine } from '../machine.ts'
import { figureRows } from './figures-table.ts'
import { escapeHtml, plotSvg } from './plot.ts'
import type { Result } from './result.ts'

/** All results of a folder on one page that needs nothing else: no script, no network. */
export function htmlReport(results: readonly Result[]): string {
  const links = results.map(({ benchmark }) => `<a href="#${benchmark}">${benchmark}</a>`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Measured</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>${css}</style></head>
<body><h1>Measured</h1><nav>${links.join(' ')}</nav>
${results.map(section).join('\n')}
</body></html>
`
}

function section({ benchmark, about, started, quick, machine, conditions, text, figures = [], plots = [], ratios = [] }: Result): string {
  const warning = busyWarning(machine)
  const facts = [
    `${started.slice(0, 16).replace('T', ' ')} UTC${quick ? ', --quick: a look, not figures to quote' : ''}`,
    describeMachine(machine),
    ...(conditions === undefined ? [] : [describeConditions(conditions)]),
  ]
  return `<section id="${benchmark}"><h2>${benchmark}</h2><p>${escapeHtml(about)}</p>
<p class="facts">${facts.map(escapeHtml).join('<br>')}</p>
${warning === undefined ? '' : `<p class="warning">${escapeHtml(warning)}</p>`}
<div class="plots">${plots.map(plotFigure).join('\n')}</div>
${ratios.length > 0 ? tableHtml(ratios) : ''}
${figures.length > 0 ? tableHtml(figureRows(figures)) : ''}
<details${figures.length > 0 ? '' : ' open'}><summary>As printed</summary><pre>${escapeHtml(text)}</pre></details></section>`
}

function plotFigure(plot: Plot): string {
  return `<figure>${plotSvg(plot)}</figure>`
}

function tableHtml([head, ...rows]: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[], tag: string): string => row.map(cell => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')
  return `<div class="wide"><table><thead><tr>${cells(head!, 'th')}</tr></thead>
<tbody>${rows.map(row => `<tr>${cells(row, 'td')}</tr>`).join('\n')}</tbody></table></div>`
}

const css = `
:root { color-scheme: light dark }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 1320px; padding: 0 1rem; color: #1c1e21; background: #fff }
h2 { border-top: 1px solid #d0d4d9; padding-top: 1rem; margin-top: 2.5rem }
nav a { margin-right: .8rem }
.facts { color: #55606b; font-size: 13px }
.warning { background: #fff3cd; color: #5c4400; padding: .4rem .7rem; border-radius: 4px }
.plots { display: flex; flex-wrap: wrap; gap: 1rem }
figure { margin: 0; flex: 1 1 480px; max-width: 640px }
svg { width: 100%; font: 12px system-ui, sans-serif; fill: currentColor }
svg .title { font-weight: 600; font-size: 14px }
svg .grid { stroke: #8883; stroke-width: 1 }
.wide { overflow-x: auto; margin-top: 1rem }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; white-space: nowrap }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid #8883 }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 14rem }
pre { overflow-x: auto; font-size: 12px }
@media (prefers-color-scheme: dark) { body { background: #15181c; color: #e3e6ea } .facts { color: #a5afba } }
`
