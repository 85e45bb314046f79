// The report of a run as Markdown.
import { duration, numeral, times } from './numerals.ts'
import type { EntryReport, MarkReport, Report, TrialReport } from './results.ts'
import type { Trial } from './trial.ts'

export function toMarkdown(report: Report, trials: readonly Trial[]): string {
  const sections = report.trials.map((one) => {
    const trial = trials.find(({ name }) => name === one.trial)!
    const load = `Load ${one.load.toFixed(1)}, ${one.date.slice(0, 10)}.`
    return `## ${one.trial}\n\n${trial.question} ${load}\n\n${entryTable(one, trial, report.rows)}\n${markLines(one)}`
  })
  return `# Benchmark\n\n${machineLines(report)}\n\n${overviewTable(report, trials)}\n\n${sections.join('\n')}`
}

/** The machine, the versions, who is missing, and how busy it was. */
export function machineLines({ machine, rows, missing, trials }: Report): string {
  const { processor, cores, memoryBytes, kernel, fileSystem, node, v8, peers } = machine
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GiB`
  const versions = Object.entries(peers).filter(([name]) => name !== 'raw' && name !== 'fs')
  const absent = Object.entries(missing).map(([name, reason]) => `${name} (${reason})`)
  const loads = trials.map(({ load }) => load)
  return [
    `- ${processor}, ${cores} cores, ${memory}; ${kernel}; ${fileSystem}`,
    `- Node ${node} (V8 ${v8}); ${versions.map((pair) => pair.join(' ')).join(', ')}`,
    `- ${rows.toLocaleString('en-US')} rows of 22 bytes; medians; ratios are medians of the ratios within rounds`,
    `- load ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}; one that is quiet is about 1`,
    ...(absent.length > 0 ? [`- not there: ${absent.join(', ')}`] : []),
  ].join('\n')
}

/** Every trial in which others take part, a column a peer. Bold: the least of the row, baselines aside. */
export function overviewTable({ trials: reports }: Report, trials: readonly Trial[]): string {
  const shown = reports.filter(({ entries }) => entries.length > 3)
  const peers = [...new Set(shown.flatMap(({ entries }) => entries.map(({ entry }) => entry)))]
  const rows = shown.map(({ trial: name, entries }) => {
    const trial = trials.find((candidate) => candidate.name === name)!
    const others = entries.filter(({ entry }) => entry !== 'raw' && entry !== 'fs')
    const least = Math.min(...others.map(({ median }) => median))
    const cells = peers.map((peer) => {
      const found = entries.find(({ entry }) => entry === peer)
      if (!found) return '–'
      const text = `${valueOf(found, trial)}${found.ratio === null ? '' : ` (${times(found.ratio)})`}`
      return found.median === least && others.includes(found) ? `**${text}**` : text
    })
    return [name].concat(cells)
  })
  return table(['', ...peers], rows)
}

function valueOf({ median }: EntryReport, { measure }: Trial): string {
  return measure && !measure.endsWith('Ms') ? numeral(median) : duration(median)
}

/** The marks of all trials: what was found, and whether it is enough. */
export function markTable({ trials }: Report): string {
  const rows = trials.flatMap(({ trial, marks }) =>
    marks.map((mark) => [trial, nameOf(mark), numeral(mark.found), `≤ ${mark.most}`, verdict(mark)]),
  )
  return table(['trial', 'what', 'found', 'mark', ''], rows)
}

const nameOf = ({ entry, metric }: MarkReport): string =>
  metric === 'ratio' ? `${entry}, ratio` : `${entry}, ${metric}`
const verdict = ({ met }: MarkReport): string => (met ? 'met' : '**missed**')

function entryTable({ entries }: TrialReport, trial: Trial, rows: number): string {
  const { unit, units, baseline, measure } = trial
  const metricNames = [...new Set(entries.flatMap(({ metrics }) => Object.keys(metrics)))].filter((m) => m !== measure)
  const lines = entries.map((entry) => [
    entry.entry,
    String(entry.rounds),
    valueOf(entry, trial),
    ...(measure ? [] : [duration(entry.median / units(rows))]),
    entry.ratio === null ? '–' : entry.ratio.toFixed(2),
    ...metricNames.map((name) => numeral(entry.metrics[name])),
  ])
  return table(
    ['', 'rounds', measure ?? 'round', ...(measure ? [] : [`per ${unit}`]), `× ${baseline}`, ...metricNames],
    lines,
  )
}

function markLines({ marks }: TrialReport): string {
  const lines = marks.map((mark) => `- ${verdict(mark)}: ${nameOf(mark)} ${numeral(mark.found)}, at most ${mark.most}`)
  return lines.length ? `\n${lines.join('\n')}\n` : ''
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'))
  return [header, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
