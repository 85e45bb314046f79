// The command: runs the trials, checks the answers, prints the table and writes the report. See README.md.
import { mkdirSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { chartedOf, toChart } from './chart.ts'
import { writeFigures } from './figures.ts'
import { describeMachine } from './machine.ts'
import { readOptions } from './options.ts'
import { toMarkdown } from './report.ts'
import { merge, readReport, readReports, type Report, reportTrial, type TrialReport, writeReport } from './results.ts'
import { runTrial } from './schedule.ts'
import { checkSyncs } from './syncs.ts'
import type { Trial } from './trial.ts'
import { trials } from './trials/index.ts'
import { WorkerProcess } from './worker-process.ts'

const { only, peers, rows, rounds, budgetMs, directory, results, isFresh, documents, task } = readOptions()
const began = performance.now()

function showProgress(text: string): void {
  if (!process.stderr.isTTY) return
  const seconds = Math.round((performance.now() - began) / 1000)
  process.stderr.write(`\r\x1b[K${text && `${seconds} s: ${text}`}`)
}

interface Found {
  readonly versions: Record<string, string>
  readonly missing: Record<string, string>
}

/** Asks every peer for its version, in a process of its own. */
async function findPeers(names: readonly string[]): Promise<Found> {
  const found: Found = { versions: {}, missing: {} }
  for (const name of names) {
    showProgress(`looks for ${name}`)
    const probe = await WorkerProcess.probe(name)
    if ('version' in probe) found.versions[name] = probe.version
    else found.missing[name] = probe.reason
  }
  showProgress('')
  for (const [name, reason] of Object.entries(found.missing)) console.warn(`SKIPPED: ${name}: ${reason}`)
  return found
}

async function measure(trial: Trial, { versions }: Found): Promise<TrialReport | undefined> {
  const entries = trial.entries.filter(
    ({ name, peer, mostRows = Infinity }) =>
      (peers.includes(peer) || name === trial.baseline) && peer in versions && rows <= mostRows,
  )
  if (entries.length === 0) return undefined
  const plan = { rows, directory, rounds: rounds(trial.rounds), budgetMs, onProgress: showProgress }
  const result = await runTrial(trial, entries, plan)
  showProgress('')
  const seconds = Math.round((performance.now() - began) / 1000)
  console.error(`${trial.name}: ${entries.length} contenders, ${seconds} s since the start`)
  return reportTrial(trial, rows, result, { date: new Date().toISOString(), load: loadavg()[0]! })
}

/** All that is shown of the results; each is made of the stored reports alone. */
function show(): void {
  const reports = readReports(results)
  for (const report of reports) writeReport(results, report, toMarkdown(report, trials))
  const charted = chartedOf(reports)
  if (charted) writeFileSync(join(results, 'chart.svg'), toChart(charted, trials))
  if (documents) writeFigures(reports, trials)
}

const chosen = trials.filter(({ name }) => only.includes(name))
if (task === 'report') {
  show()
} else {
  mkdirSync(directory, { recursive: true })
  const baselines = chosen.flatMap(({ entries, baseline }) => entries.filter(({ name }) => name === baseline))
  const found = await findPeers([...new Set([...baselines.map(({ peer }) => peer), ...peers])])
  if (task === 'checkSyncs') {
    await checkSyncs(chosen, Object.keys(found.versions), directory)
  } else {
    let report: Report = {
      machine: describeMachine(directory, found.versions),
      rows,
      missing: found.missing,
      trials: [],
    }
    if (!isFresh) report = merge(readReport(results, rows), report, trials)
    for (const trial of chosen) {
      const measured = await measure(trial, found)
      if (!measured) continue
      // After every trial, so that a run that ends early leaves what it found.
      report = merge(report, { ...report, trials: [measured] }, trials)
      writeReport(results, report, toMarkdown(report, trials))
    }
    show()
    console.log(toMarkdown({ ...report, trials: report.trials.filter(({ trial }) => only.includes(trial)) }, trials))
  }
}
