import { metrics, type Plot } from '../figure.ts'
import { spreadOf } from '../statistics.ts'

const size = { width: 620, height: 340, left: 70, right: 190, top: 34, bottom: 44 }
/** Told apart also by those who see no red and green (Okabe and Ito). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000', '#999999']

type Dot = { readonly x: number; readonly y: number }
type Line = { readonly name: string; readonly colour: string; readonly dots: readonly Dot[] }

/** A picture of its own: no script, no font, nothing from elsewhere. Both axes are logarithmic, so a ratio is a distance. */
export function plotSvg(plot: Plot): string {
  const lines = linesOf(plot)
  const dots = lines.flatMap(line => line.dots)
  if (dots.length === 0) return ''
  const x = scale(
    dots.map(dot => dot.x),
    size.left,
    size.width - size.right,
  )
  const y = scale(
    dots.map(dot => dot.y),
    size.height - size.bottom,
    size.top,
  )
  const xs = [...new Set(dots.map(dot => dot.x))].sort((a, b) => a - b)
  return [
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeHtml(plot.title)}">`,
    `<text x="${size.left}" y="18" class="title">${escapeHtml(plot.title)}</text>`,
    ...tens(y.low, y.high).map(value => gridLine(value, y.at(value))),
    ...spaced(xs, x.at).map(value => `<text x="${x.at(value)}" y="${size.height - 26}" text-anchor="middle">${short(value)}</text>`),
    `<text x="${(size.left + size.width - size.right) / 2}" y="${size.height - 8}" text-anchor="middle">${escapeHtml(plot.x)}</text>`,
    `<text x="14" y="${size.height / 2}" transform="rotate(-90 14 ${size.height / 2})" text-anchor="middle">${metrics[plot.y].title}</text>`,
    ...lines.map((line, i) => lineSvg(line, i, x.at, y.at)),
    '</svg>',
  ].join('\n')
}

function linesOf({ figures, y }: Plot): Line[] {
  const names = [...new Set(figures.map(({ series }) => series))]
  return names.map((name, i) => {
    const dots = figures.flatMap(figure => {
      const values = figure.series === name ? figure.samples[y] : undefined
      const median = values?.length ? spreadOf(values).median : 0
      return median > 0 && figure.at > 0 ? [{ x: figure.at, y: median }] : []
    })
    return { name, colour: colours[i % colours.length]!, dots: dots.sort((a, b) => a.x - b.x) }
  })
}

type Scale = { readonly low: number; readonly high: number; readonly at: (value: number) => number }

function scale(values: readonly number[], from: number, to: number): Scale {
  const low = Math.min(...values) / 1.15
  const high = Math.max(...values) * 1.15
  return { low, high, at: value => round(from + ((to - from) * Math.log(value / low)) / Math.log(high / low)) }
}

/** 1, 2, 5, 10, 20, 50 … as far as they lie between; every tenth only, where that would be too many, and more, where too few. */
function tens(low: number, high: number): number[] {
  const usual = between(low, high, [1, 2, 5])
  if (usual.length < 3) return between(low, high, [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9])
  return usual.length <= 8 ? usual : between(low, high, [1])
}

function between(low: number, high: number, digits: readonly number[]): number[] {
  const all: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) all.push(...digits.map(digit => digit * 10 ** power))
  return all.filter(value => value >= low && value <= high)
}

function gridLine(value: number, at: number): string {
  const line = `<line x1="${size.left}" x2="${size.width - size.right}" y1="${at}" y2="${at}" class="grid"/>`
  return `${line}<text x="${size.left - 6}" y="${at + 4}" text-anchor="end">${short(value)}</text>`
}

/** Labels that would lie on each other are left out. */
function spaced(values: readonly number[], at: (value: number) => number): number[] {
  const kept: number[] = []
  for (const value of values) if (kept.length === 0 || at(value) - at(kept.at(-1)!) > 34) kept.push(value)
  return kept
}

function lineSvg({ name, colour, dots }: Line, at: number, x: (value: number) => number, y: (value: number) => number): string {
  const points = dots.map(dot => `${x(dot.x)},${y(dot.y)}`)
  const circles = dots.map(dot => `<circle cx="${x(dot.x)}" cy="${y(dot.y)}" r="3" fill="${colour}"/>`)
  const place = { x: size.width - size.right + 14, y: size.top + 10 + 18 * at }
  return [
    `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...circles,
    `<circle cx="${place.x}" cy="${place.y - 4}" r="4" fill="${colour}"/><text x="${place.x + 10}" y="${place.y}">${escapeHtml(name)}</text>`,
  ].join('')
}

function short(value: number): string {
  if (value >= 1_000_000) return `${digits(value / 1_000_000)}M`
  return value >= 10_000 ? `${digits(value / 1_000)}k` : String(round(value))
}

function digits(value: number): number {
  return Number(value.toPrecision(3))
}

function round(value: number): number {
  return Number(value.toPrecision(6))
}

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
