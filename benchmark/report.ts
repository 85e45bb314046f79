// The report of a run: what was measured as JSON, and as Markdown for people.
import type { Machine } from './machine.ts'
import type { Trial } from './trial.ts'

export interface EntryReport {
  readonly entry: string
  /** Median milliseconds of a round. */
  readonly medianMs: number
  /** Median of the ratios to the baseline within the same round. */
  readonly ratio: number
  readonly metrics: Record<string, number>
  readonly times: number[]
}

export interface MarkReport {
  readonly entry: string
  readonly metric: string
  readonly most: number
  readonly found: number
  readonly met: boolean
}

export interface TrialReport {
  readonly trial: string
  readonly rounds: number
  readonly answer: number
  readonly entries: EntryReport[]
  readonly marks: MarkReport[]
}

export interface Report {
  readonly machine: Machine
  readonly rows: number
  readonly trials: TrialReport[]
}

export function toMarkdown({ machine, rows, trials: reports }: Report, trials: readonly Trial[]): string {
  const sections = reports.map((report) => {
    const trial = trials.find(({ name }) => name === report.trial)!
    return `## ${report.trial}\n\n${trial.question}\n\n${entryTable(report, trial, rows)}\n${markLines(report)}`
  })
  return `# Benchmark\n\n${machineLines(machine, rows)}\n\n${sections.join('\n')}`
}

function machineLines(machine: Machine, rows: number): string {
  const { processor, cores, memoryBytes, kernel, fileSystem, node, v8, peers, load, date } = machine
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GiB`
  return [
    `- ${processor}, ${cores} cores, ${memory}; ${kernel}; ${fileSystem}`,
    `- Node ${node} (V8 ${v8}); stoa ${peers['stoa']}`,
    `- ${rows.toLocaleString('en-US')} rows; medians of rounds; ratios are medians of the ratios within rounds`,
    `- ${date}, load ${load.toFixed(1)} at the end`,
  ].join('\n')
}

function entryTable({ entries }: TrialReport, { unit, units, baseline }: Trial, rows: number): string {
  const metricNames = [...new Set(entries.flatMap(({ metrics }) => Object.keys(metrics)))]
  const header = ['', 'round', `per ${unit}`, `× ${baseline}`, ...metricNames]
  const lines = entries.map(({ entry, medianMs, ratio, metrics }) => [
    entry,
    duration(medianMs),
    duration(medianMs / units(rows)),
    ratio.toFixed(2),
    ...metricNames.map((name) => numeral(metrics[name])),
  ])
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'))
  return [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function markLines({ marks }: TrialReport): string {
  const lines = marks.map(({ entry, metric, most, found, met }) => {
    const name = metric === 'ratio' ? entry : `${entry}, ${metric}`
    return `- ${met ? 'met' : '**missed**'}: ${name} ${numeral(found)}, at most ${most}`
  })
  return lines.length ? `\n${lines.join('\n')}\n` : ''
}

function duration(ms: number): string {
  if (ms >= 1) return `${ms.toPrecision(3)} ms`
  if (ms >= 1e-3) return `${(ms * 1e3).toPrecision(3)} µs`
  return `${(ms * 1e6).toPrecision(3)} ns`
}

function numeral(value: number | undefined): string {
  if (value === undefined) return ''
  return Number.isInteger(value) ? String(value) : value.toFixed(2)
}
