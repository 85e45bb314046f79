// The chart of a run: for each trial a scale of multiples of the baseline, a dot a peer. Names stand beside the dots and
// the store's dot is filled, so nothing is told by colour alone.
import { duration, times } from './numerals.ts'
import type { EntryReport, Report, TrialReport } from './results.ts'
import type { Trial } from './trial.ts'

/** The trials that are shown, with the words above each. */
const PANELS: ReadonlyMap<string, string> = new Map([
  ['load-rows', 'Load row by row, durable'],
  ['load-columns', 'Load by columns, durable'],
  ['open-sum', 'Open in a new process, sum a column'],
  ['filter', 'Sum where a condition holds'],
  ['read-random-rows', 'Read rows at random'],
  ['updates', 'A million updates at random, durable'],
  ['commit-one', 'Commit one row, durable'],
  ['scattered', 'Commit 100 scattered values, durable'],
])

const BASELINES: Record<string, string> = {
  raw: 'hand-written loops on arrays in RAM',
  fs: 'a bare write and fdatasync',
}
/** Where the baseline is another than its name says. */
const OWN_BASELINES: Record<string, string> = { 'open-sum': 'reading the plain file of that column' }

const WIDTH = 840
const COLUMNS = 2
const GAP = 28
const PANEL_WIDTH = (WIDTH - GAP * (COLUMNS + 1)) / COLUMNS
const NAME_WIDTH = 90
const VALUE_WIDTH = 62
const ROW_HEIGHT = 17
const TITLE_HEIGHT = 50
const HEADER_HEIGHT = 66
const FOOTER_HEIGHT = 34

const STYLE = `
  svg { --paper: #ffffff; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --dot: #8c959f; --own: #0550ae }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #f0f6fc; --quiet: #9198a1; --line: #3d444d; --dot: #848d97; --own: #58a6ff }
  }
  .paper { fill: var(--paper) }
  text { font: 12px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: var(--ink) }
  .title { font-size: 16px; font-weight: 600 }
  .name { text-anchor: end }
  .value, .tick, .quiet { fill: var(--quiet) }
  .tick { font-size: 10px; text-anchor: middle }
  .value { font-size: 11px }
  .head { font-weight: 600 }
  .own { font-weight: 700; fill: var(--own) }
  .grid { stroke: var(--line) }
  .one { stroke: var(--quiet); stroke-width: 1.5 }
  .stem { stroke: var(--dot); stroke-width: 2 }
  .dot { fill: var(--paper); stroke: var(--dot); stroke-width: 2 }
  .stem.own { stroke: var(--own); stroke-width: 4 }
  .dot.own { fill: var(--own); stroke: var(--own) }
`

interface Panel {
  readonly title: string
  readonly baselineText: string
  readonly entries: readonly (EntryReport & { ratio: number })[]
}

/** The report that the chart shows of many: that of a million rows, or else of the most. */
export function chartedOf(reports: readonly Report[]): Report | undefined {
  return reports.find(({ rows }) => rows === 1e6) ?? reports.at(-1)
}

export function toChart(report: Report, trials: readonly Trial[]): string {
  const panels = [...PANELS].flatMap(([name, title]) => {
    const found = report.trials.find(({ trial }) => trial === name)
    return found
      ? [
          panelOf(
            title,
            found,
            trials.find((trial) => trial.name === name)!,
          ),
        ]
      : []
  })
  const ratios = panels.flatMap(({ entries }) => entries.map(({ ratio }) => ratio))
  const scale = scaleOf(Math.min(1, ...ratios), Math.max(10, ...ratios))
  const parts: string[] = []
  let top = HEADER_HEIGHT
  for (let at = 0; at < panels.length; at += COLUMNS) {
    const row = panels.slice(at, at + COLUMNS)
    row.forEach((panel, column) => parts.push(draw(panel, scale, GAP + column * (PANEL_WIDTH + GAP), top)))
    top += Math.max(...row.map(heightOf))
  }
  const height = top + FOOTER_HEIGHT
  const { machine, rows } = report
  const load = Math.max(...report.trials.map((trial) => trial.load)).toFixed(1)
  const where = `${machine.processor}, ${machine.cores} cores; ${machine.kernel}; ${machine.fileSystem}; Node ${machine.node}; load up to ${load}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
<title id="title">Time of stoa and of others, as multiples of hand-written code</title>
<style>${STYLE}</style>
<rect class="paper" width="${WIDTH}" height="${height}"/>
<text class="title" x="${GAP}" y="28">Time as a multiple of hand-written code, ${rows.toLocaleString('en-US')} rows</text>
<text class="quiet" x="${GAP}" y="48">Left is faster, on a logarithmic scale. 1× is the baseline named in each panel.</text>
${parts.join('\n')}
<text class="quiet" x="${GAP}" y="${height - 12}" style="font-size: 10px">${escape(where)}</text>
</svg>
`
}

function panelOf(title: string, { entries }: TrialReport, { name, baseline }: Trial): Panel {
  const base = entries.find(({ entry }) => entry === baseline)!
  const others = entries.filter((entry): entry is EntryReport & { ratio: number } => {
    return entry.entry !== baseline && entry.ratio !== null
  })
  return {
    title,
    baselineText: `1× = ${OWN_BASELINES[name] ?? BASELINES[baseline] ?? baseline}, ${duration(base.median)}`,
    entries: others.toSorted((a, b) => a.ratio - b.ratio),
  }
}

interface Scale {
  /** 0 to 1 over the width of the plot. */
  at(ratio: number): number
  readonly ticks: readonly number[]
}

/** Logarithmic, from `least` to `most` with a little air, and a tick at each power of ten. */
function scaleOf(least: number, most: number): Scale {
  const low = Math.log10(least) - 0.1
  const high = Math.log10(most) + 0.1
  const ticks: number[] = []
  for (let power = Math.ceil(low); power <= high; power++) ticks.push(10 ** power)
  return { at: (ratio) => (Math.log10(ratio) - low) / (high - low), ticks }
}

const heightOf = ({ entries }: Panel): number => TITLE_HEIGHT + entries.length * ROW_HEIGHT + 34

function draw({ title, baselineText, entries }: Panel, scale: Scale, left: number, top: number): string {
  const start = left + NAME_WIDTH
  const width = PANEL_WIDTH - NAME_WIDTH - VALUE_WIDTH
  const x = (ratio: number): string => (start + scale.at(ratio) * width).toFixed(1)
  const first = top + TITLE_HEIGHT
  const bottom = first + entries.length * ROW_HEIGHT
  const lines = scale.ticks.map((tick) => {
    const at = x(tick)
    return `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${at}" y1="${first - 4}" x2="${at}" y2="${bottom}"/><text class="tick" x="${at}" y="${bottom + 13}">${tick >= 1 ? tick : tick.toPrecision(1)}×</text>`
  })
  const rows = entries.map(({ entry, ratio }, row) => {
    const y = first + row * ROW_HEIGHT + ROW_HEIGHT / 2
    const own = entry.startsWith('stoa') ? ' own' : ''
    return [
      `<text class="name${own}" x="${start - 8}" y="${y + 4}">${escape(entry)}</text>`,
      `<line class="stem${own}" x1="${x(1)}" y1="${y}" x2="${x(ratio)}" y2="${y}"/>`,
      `<circle class="dot${own}" cx="${x(ratio)}" cy="${y}" r="${own ? 5 : 4}"/>`,
      `<text class="value${own}" x="${start + width + 8}" y="${y + 4}">${times(ratio)}</text>`,
    ].join('')
  })
  return [
    `<text class="head" x="${left}" y="${top + 18}">${escape(title)}</text>`,
    `<text class="quiet" x="${left}" y="${top + 34}" style="font-size: 11px">${escape(baselineText)}</text>`,
    ...lines,
    ...rows,
  ].join('\n')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
