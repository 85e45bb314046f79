// Goal: what the benchmark shows is what it measured, and nothing in the documents was typed by hand.
// Method: reports, Markdown and the chart are made of fixed rounds; the stored results are rendered again.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { chartedOf, toChart } from '../benchmark/chart.ts'
import { figuresOf, PERFORMANCE_PATH, withFigures } from '../benchmark/figures.ts'
import type { Machine } from '../benchmark/machine.ts'
import { overviewTable, toMarkdown } from '../benchmark/report.ts'
import { merge, readReports, type Report, reportTrial } from '../benchmark/results.ts'
import type { Trial } from '../benchmark/trial.ts'
import { trials } from '../benchmark/trials/index.ts'

const results = fileURLToPath(new URL('../benchmark/results', import.meta.url))

const machine: Machine = {
  processor: 'Abacus <2>',
  cores: 2,
  memoryBytes: 24 * 2 ** 30,
  kernel: 'Linux 6.18',
  fileSystem: 'ext4 on /dev/vda',
  node: '20.20.2',
  v8: '11.3',
  peers: { raw: 'v20.20.2', stoa: '0.1.0', sqlite: '12.11.1', lmdb: '3.5.6' },
}

const names = ['raw', 'stoa', 'sqlite', 'lmdb']

function trialOf(name: string, warmups = 0, measure?: string): Trial {
  return {
    name,
    question: `How long is ${name}?`,
    unit: 'row',
    units: (rows) => rows,
    process: 'fresh',
    rounds: 3,
    warmups,
    ...(measure === undefined ? {} : { measure }),
    entries: names.map((name) => ({ name, peer: name, workload: 'updates' })),
    baseline: 'raw',
    marks: [{ entry: 'stoa', metric: 'ratio', most: 3 }],
  }
}

const at = { date: '2026-01-02T03:04:05.000Z', load: 0.5 }

function resultOf(values: Record<string, number[]>): Parameters<typeof reportTrial>[2] {
  return { answer: 7, entries: Object.entries(values).map(([entry, values]) => ({ entry, values, metrics: {} })) }
}

function reportOf(values: Record<string, number[]>, trial = trialOf('updates')): Report {
  return {
    machine,
    rows: 1000,
    missing: { polars: 'not there' },
    trials: [reportTrial(trial, 1000, resultOf(values), at)],
  }
}

const values = { raw: [10, 20, 10], stoa: [20, 40, 50], sqlite: [2000, 2000, 2000], lmdb: [300, 600, 400] }

test('a ratio is the median of those within rounds, not the ratio of medians', (t) => {
  // Medians: 10 and 40. Rounds: 2, 2, 5.
  const [, stoa] = reportOf(values).trials[0]!.entries
  t.is(stoa!.median, 40)
  t.is(stoa!.ratio, 2)
})

test('warm-ups do not count, and the last round of who left before they were over does', (t) => {
  const report = reportOf({ raw: [1, 1, 10, 10], stoa: [900, 900, 20, 40], sqlite: [500, 400] }, trialOf('updates', 2))
  const [raw, stoa, sqlite] = report.trials[0]!.entries
  t.deepEqual([raw!.rounds, stoa!.rounds, sqlite!.rounds], [2, 2, 1])
  t.is(stoa!.ratio, 3)
  t.is(sqlite!.ratio, 400)
})

test('a baseline of zero gives no ratio', (t) => {
  const report = reportOf({ raw: [0], stoa: [0], sqlite: [1], lmdb: [1] }, trialOf('updates', 0, 'majorCollections'))
  t.deepEqual(
    report.trials[0]!.entries.map(({ ratio }) => ratio),
    [null, null, null, null],
  )
})

function marksOf(stoa: number): boolean[] {
  return reportOf({ raw: [10], stoa: [stoa] }).trials[0]!.marks.map(({ met }) => met)
}

test('a mark over its limit is missed, one at it is met', (t) => {
  t.deepEqual(marksOf(30), [true])
  t.deepEqual(marksOf(31), [false])
})

test('a run of one peer replaces that peer and the baseline, and keeps the others', (t) => {
  const trial = trialOf('updates')
  const merged = merge(reportOf(values), reportOf({ raw: [5], stoa: [10] }), [trial])
  t.deepEqual(
    merged.trials[0]!.entries.map(({ entry, median }) => [entry, median]),
    [
      ['raw', 5],
      ['stoa', 10],
      ['sqlite', 2000],
      ['lmdb', 400],
    ],
  )
})

test('nothing is kept of another machine or another number of rows', (t) => {
  const trial = trialOf('updates')
  const now = reportOf({ raw: [5], stoa: [10] })
  const elsewhere = { ...reportOf(values), machine: { ...machine, kernel: 'Linux 7' } }
  t.is(merge(elsewhere, now, [trial]).trials[0]!.entries.length, 2)
  t.is(merge({ ...reportOf(values), rows: 9 }, now, [trial]).trials[0]!.entries.length, 2)
})

test('the overview has a column a peer, and the best that is no baseline in bold', (t) => {
  const lines = overviewTable(reportOf(values), [trialOf('updates')]).split('\n')
  t.is(lines[0], '|  | raw | stoa | sqlite | lmdb |')
  t.is(lines[2], '| updates | 10.0 ms (1.00×) | **40.0 ms (2.00×)** | 2.00 s (200×) | 400 ms (30.0×) |')
})

test('the report names the machine, who is missing, the load and the marks', (t) => {
  const text = toMarkdown(reportOf(values), [trialOf('updates')])
  t.regex(text, /Abacus <2>, 2 cores, 24 GiB; Linux 6\.18; ext4 on \/dev\/vda/)
  t.regex(text, /not there: polars \(not there\)/)
  t.regex(text, /load 0\.5 to 0\.5/)
  t.regex(text, /- met: stoa, ratio 2, at most 3/)
  t.regex(text, /\| stoa \| 3 \| 40\.0 ms \| 40\.0 µs \| 2\.00 \|/)
})

test('the chart has a dot for each peer but the baseline, placed by the logarithm of its ratio', (t) => {
  const chart = toChart(reportOf(values), [trialOf('updates')])
  const dots = [...chart.matchAll(/<circle class="dot( own)?" cx="([\d.]+)"/g)]
  t.deepEqual(
    [...chart.matchAll(/<text class="name(?: own)?"[^>]*>([^<]+)</g)].map(([, name]) => name),
    ['stoa', 'lmdb', 'sqlite'],
  )
  t.deepEqual(
    dots.map(([, own]) => own !== undefined),
    [true, false, false],
  )
  const [stoa, lmdb, sqlite] = dots.map(([, , x]) => Number(x)) as [number, number, number]
  t.true(Math.abs((lmdb - stoa) / Math.log(30 / 2) - (sqlite - lmdb) / Math.log(200 / 30)) < 0.1)
  t.regex(chart, /Abacus &lt;2&gt;/)
  t.regex(chart, /prefers-color-scheme: dark/)
})

function outside(text: string): string {
  return text.replace(/(<!-- figures:[^>]*>)[^]*(<!-- end of)/, '$1$2')
}

test('figures go between their marks, and only there', (t) => {
  const document = readFileSync(PERFORMANCE_PATH, 'utf8')
  const changed = withFigures(document, 'new')
  t.is(outside(changed), outside(document))
  t.throws(() => withFigures('no marks', 'new'), { message: /needs/ })
})

test('the stored results are shown as they are: in the reports, the chart and the documents', (t) => {
  const reports = readReports(results)
  t.true(reports.length > 0)
  for (const report of reports) {
    const path = `${results}/rows-${report.rows.toExponential().replace('+', '')}.md`
    t.is(readFileSync(path, 'utf8'), toMarkdown(report, trials))
  }
  t.is(readFileSync(`${results}/chart.svg`, 'utf8'), toChart(chartedOf(reports)!, trials))
  const document = readFileSync(PERFORMANCE_PATH, 'utf8')
  t.is(document, withFigures(document, figuresOf(reports, trials)))
})
