// What a run found, as JSON: a file for each number of rows. A run of some trials or peers replaces its own part of it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSameMachine, type Machine } from './machine.ts'
import type { TrialResult } from './schedule.ts'
import { firstCounted, median, medianRatio } from './statistics.ts'
import type { Trial } from './trial.ts'

export interface EntryReport {
  readonly entry: string
  /** Rounds that count. */
  readonly rounds: number
  /** Median milliseconds of a round, or of the trial's measure. */
  readonly median: number
  /** Median of the ratios to the baseline within the same round; null where the baseline is 0. */
  readonly ratio: number | null
  readonly metrics: Record<string, number>
  readonly values: number[]
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
  readonly date: string
  /** Processes that wanted a processor in the last minute of it: much above 1 means that others disturbed it. */
  readonly load: number
  readonly answer: number
  readonly entries: EntryReport[]
  readonly marks: MarkReport[]
}

export interface Report {
  readonly machine: Machine
  readonly rows: number
  /** Peers that did not take part, and why. */
  readonly missing: Record<string, string>
  readonly trials: TrialReport[]
}

export function reportTrial(
  trial: Trial,
  rows: number,
  result: TrialResult,
  { date, load }: { date: string; load: number },
): TrialReport {
  const baseline = result.entries.find(({ entry }) => entry === trial.baseline)!
  const entries = result.entries.map(({ entry, values, metrics }): EntryReport => {
    const first = firstCounted(values.length, trial.warmups)
    const ratio = medianRatio(values, baseline.values, first)
    const counted = values.slice(first)
    return {
      entry,
      rounds: counted.length,
      median: median(counted),
      ratio: Number.isFinite(ratio) ? ratio : null,
      metrics,
      values: values.map((value) => Number(value.toPrecision(5))),
    }
  })
  return { trial: trial.name, date, load, answer: result.answer, entries, marks: markEntries(trial, rows, entries) }
}

function markEntries(trial: Trial, rows: number, entries: readonly EntryReport[]): MarkReport[] {
  return trial.marks.flatMap(({ entry, metric, most: asked }) => {
    const report = entries.find((candidate) => candidate.entry === entry)
    if (!report) return []
    const most = typeof asked === 'number' ? asked : asked(rows)
    const found = metric === 'ratio' ? report.ratio! : report.metrics[metric]!
    return [{ entry, metric, most, found, met: found <= most }]
  })
}

/** `report` with what `earlier` knows besides, of the same machine and number of rows. */
export function merge(earlier: Report | undefined, report: Report, trials: readonly Trial[]): Report {
  if (!earlier || earlier.rows !== report.rows || !isSameMachine(earlier.machine, report.machine)) return report
  const merged = trials.flatMap(({ name, entries, marks }) => {
    const before = earlier.trials.find(({ trial }) => trial === name)
    const now = report.trials.find(({ trial }) => trial === name)
    if (!before || !now) return before ?? now ?? []
    const known = [...now.entries, ...before.entries.filter(({ entry }) => !now.entries.some((e) => e.entry === entry))]
    return {
      ...now,
      load: Math.max(before.load, now.load),
      entries: entries.flatMap((entry) => known.find((report) => report.entry === entry.name) ?? []),
      marks: marks.flatMap(({ entry, metric }) => {
        const isOf = (mark: MarkReport): boolean => mark.entry === entry && mark.metric === metric
        return now.marks.find(isOf) ?? before.marks.find(isOf) ?? []
      }),
    }
  })
  const peers = { ...earlier.machine.peers, ...report.machine.peers }
  const absent = Object.entries({ ...earlier.missing, ...report.missing }).filter(([name]) => !(name in peers))
  return { ...report, machine: { ...report.machine, peers }, missing: Object.fromEntries(absent), trials: merged }
}

const PREFIX = 'rows-'
const nameOf = (rows: number): string => `${PREFIX}${rows.toExponential().replace('+', '')}`

export function readReport(folder: string, rows: number): Report | undefined {
  return readReports(folder).find((report) => report.rows === rows)
}

/** Every stored report, the one of the fewest rows first. */
export function readReports(folder: string): Report[] {
  mkdirSync(folder, { recursive: true })
  return readdirSync(folder)
    .filter((name) => name.startsWith(PREFIX) && name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report)
    .toSorted((a, b) => a.rows - b.rows)
}

/** Writes the report beside its text; gives the path of both without the ending. */
export function writeReport(folder: string, report: Report, markdown: string): string {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, nameOf(report.rows))
  writeFileSync(`${path}.json`, `${JSON.stringify(report, null, 1)}\n`)
  writeFileSync(`${path}.md`, markdown)
  return path
}
