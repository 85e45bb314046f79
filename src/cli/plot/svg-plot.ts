import { count } from '../number-text.ts'
import { printable } from '../printable.ts'
import { type Axis, shareOf, ticksOf } from './axis.ts'
import type { BarPlot } from './bars.ts'
import { type LinePlot, strokes } from './line.ts'
import type { ScatterPlot } from './scatter.ts'

/** Pixels around the picture. */
const LEFT = 84
const RIGHT = 24
const TOP = 44
const BOTTOM = 48
/** Pixels between two labels. */
const X_TICK = 110
const Y_TICK = 56
const BAR_LABEL = 190

/** Colors of six series, of about the same contrast on white and on near black. */
const STYLE = `
.paper{fill:#fff}.ink{fill:#1f2328}.faint{fill:#59636e}.grid{stroke:#d1d9e0}.axis{stroke:#59636e}
.s0{stroke:#0969da}.s1{stroke:#bc4c00}.s2{stroke:#1a7f37}.s3{stroke:#8250df}.s4{stroke:#bf3989}.s5{stroke:#9a6700}
.f0{fill:#0969da}.f1{fill:#bc4c00}.f2{fill:#1a7f37}.f3{fill:#8250df}.f4{fill:#bf3989}.f5{fill:#9a6700}
@media (prefers-color-scheme:dark){
.paper{fill:#0d1117}.ink{fill:#f0f6fc}.faint{fill:#9198a1}.grid{stroke:#3d444d}.axis{stroke:#9198a1}
.s0{stroke:#4493f8}.s1{stroke:#db6d28}.s2{stroke:#3fb950}.s3{stroke:#ab7df8}.s4{stroke:#db61a2}.s5{stroke:#d29922}
.f0{fill:#4493f8}.f1{fill:#db6d28}.f2{fill:#3fb950}.f3{fill:#ab7df8}.f4{fill:#db61a2}.f5{fill:#d29922}}`

/** Pixels of a picture within its axes. */
export function pictureSize(width: number, height: number): { width: number; height: number } {
  return { width: Math.max(width - LEFT - RIGHT, 1), height: Math.max(height - TOP - BOTTOM, 1) }
}

/** Lines as paths, of a stroke a pixel at most. */
export function svgLines(plot: LinePlot, width: number, height: number): string {
  const size = pictureSize(width, height)
  const x = (step: number): string => ((step / Math.max(plot.steps - 1, 1)) * size.width + LEFT).toFixed(1)
  const y = (value: number): string => ((1 - shareOf(plot.y, value)) * size.height + TOP).toFixed(1)
  const paths = plot.lines.map((line, series) => {
    const parts: string[] = []
    strokes(line, (fromStep, from, toStep, to) => parts.push(`M${x(fromStep)} ${y(from)}L${x(toStep)} ${y(to)}`))
    return `<path class="s${series % 6}" fill="none" stroke-width="1.5" stroke-linecap="round" d="${parts.join('')}"/>`
  })
  const legend =
    plot.lines.length < 2
      ? ''
      : plot.lines.map(({ name }, series) => `<tspan class="f${series % 6}" dx="12">${escaped(name)}</tspan>`).join('')
  return svg(width, height, `${plot.y.name} over ${plot.x.name}`, [
    ...axes(plot.x, plot.y, width, height),
    ...paths,
    ...(legend === '' ? [] : [`<text x="${width - RIGHT}" y="26" text-anchor="end">${legend}</text>`]),
  ])
}

/** Cells of points, the fuller the more there are, by magnitude. */
export function svgScatter(plot: ScatterPlot, width: number, height: number): string {
  const size = pictureSize(width, height)
  const cellWidth = size.width / plot.width
  const cellHeight = size.height / plot.height
  const most = plot.counts.reduce((greatest, found) => Math.max(greatest, found), 1)
  const levels = new Map<string, string[]>()
  for (const [cell, found] of plot.counts.entries()) {
    if (found === 0) continue
    const opacity = (0.3 + 0.7 * (most === 1 ? 1 : Math.log(found) / Math.log(most))).toFixed(1)
    const left = LEFT + (cell % plot.width) * cellWidth
    const top = TOP + Math.floor(cell / plot.width) * cellHeight
    const path = levels.get(opacity) ?? []
    path.push(
      `M${left.toFixed(1)} ${top.toFixed(1)}h${cellWidth.toFixed(1)}v${cellHeight.toFixed(1)}h-${cellWidth.toFixed(1)}z`,
    )
    levels.set(opacity, path)
  }
  const cells = [...levels].map(([opacity, path]) => `<path class="f0" opacity="${opacity}" d="${path.join('')}"/>`)
  return svg(width, height, `${plot.y.name} over ${plot.x.name}`, [...axes(plot.x, plot.y, width, height), ...cells])
}

/** A bar a line, with its label and its count. */
export function svgBars({ name, bars }: BarPlot, width: number, height: number): string {
  const each = (height - TOP - RIGHT) / bars.length
  const most = Math.max(...bars.map((one) => one.count))
  const space = width - BAR_LABEL - LEFT - RIGHT
  const fontSize = Math.min(12, Math.max(each * 0.8, 4)).toFixed(1)
  const rows = bars.flatMap((one, place) => {
    const top = TOP + place * each
    const length = (one.count / most) * space
    const middle = (top + each / 2).toFixed(1)
    const text = `y="${middle}" font-size="${fontSize}" dominant-baseline="central"`
    return [
      `<text class="ink" x="${BAR_LABEL - 8}" ${text} text-anchor="end">${escaped(one.label)}</text>`,
      `<rect class="f0" x="${BAR_LABEL}" y="${(top + each * 0.1).toFixed(1)}" width="${length.toFixed(1)}" height="${(each * 0.8).toFixed(1)}"/>`,
      `<text class="faint" x="${(BAR_LABEL + length + 6).toFixed(1)}" ${text}>${count(one.count)}</text>`,
    ]
  })
  return svg(width, height, name, rows)
}

function axes(x: Axis, y: Axis, width: number, height: number): string[] {
  const size = pictureSize(width, height)
  const bottom = TOP + size.height
  const right = LEFT + size.width
  const upright = ticksOf(y, Math.max(Math.floor(size.height / Y_TICK), 2)).flatMap(({ share, label }) => {
    const at = (bottom - share * size.height).toFixed(1)
    return [
      `<line class="grid" x1="${LEFT}" x2="${right}" y1="${at}" y2="${at}"/>`,
      `<text class="faint" x="${LEFT - 8}" y="${at}" text-anchor="end" dominant-baseline="central">${escaped(label)}</text>`,
    ]
  })
  const along = ticksOf(x, Math.max(Math.floor(size.width / X_TICK), 2)).flatMap(({ share, label }) => {
    const at = (LEFT + share * size.width).toFixed(1)
    return [
      `<line class="axis" x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 5}"/>`,
      `<text class="faint" x="${at}" y="${bottom + 20}" text-anchor="middle">${escaped(label)}</text>`,
    ]
  })
  const base = `<line class="axis" x1="${LEFT}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`
  const name = `<text class="faint" x="${right}" y="${bottom + 38}" text-anchor="end">${escaped(x.name)}</text>`
  return [...upright, base, ...along, name]
}

function svg(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text class="ink" x="16" y="26" font-size="15">${escaped(title)}</text>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function escaped(text: string): string {
  return printable(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
