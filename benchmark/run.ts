// The command: runs the trials, checks the answers, prints the table and writes the report. See README.md.
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { describeMachine } from './machine.ts'
import { type EntryReport, type Report, toMarkdown, type TrialReport } from './report.ts'
import { median, medianRatio } from './statistics.ts'
import type { Trial } from './trial.ts'
import { trials } from './trials/index.ts'
import type { Assignment, EntryResult, Result } from './worker.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

const help = `npm run bench -- [options]; benchmark/README.md says how it measures

  --only NAMES       trials, with commas (default all):
                     ${trials.map(({ name }) => name).join(', ')}
  --peers NAMES      peers, with commas (default all); the baseline always runs
  --rows N           rows of the table (default 1e6)
  --rounds N         rounds of every trial (default: the trial's own)
  --directory PATH   where the files go: this is the disk that is timed (default benchmark/data)
  --results PATH     where the report goes (default benchmark/results)`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean' },
    only: { type: 'string' },
    peers: { type: 'string' },
    rows: { type: 'string', default: '1e6' },
    rounds: { type: 'string' },
    directory: { type: 'string', default: join(here, 'data') },
    results: { type: 'string', default: join(here, 'results') },
  },
})
if (values.help) {
  console.log(help)
  process.exit()
}
const rows = Number(values.rows)
const directory = resolve(values.directory)
const peerNames = values.peers?.split(',')

async function runTrial(trial: Trial): Promise<TrialReport> {
  const entries = trial.entries.filter(
    ({ name, peer }) => !peerNames || peerNames.includes(peer) || name === trial.baseline,
  )
  const rounds = Number(values.rounds ?? trial.rounds)
  const names = entries.map(({ name }) => name)
  const assignment = { trial: trial.name, rows, directory: join(directory, trial.name) }
  mkdirSync(assignment.directory, { recursive: true })
  try {
    if (trial.setup) await runWorker({ ...assignment, entries: [], rounds: 0, warmups: 0 })
    const results =
      trial.process === 'shared'
        ? await runWorker({ ...assignment, entries: names, rounds, warmups: trial.warmups })
        : await runApart(trial, assignment, names, rounds)
    return reportTrial(trial, names, rounds, results)
  } finally {
    rmSync(assignment.directory, { recursive: true, force: true })
  }
}

/** A process for every round of every entry; the order turns round by round. */
async function runApart(
  { warmups }: Trial,
  assignment: Pick<Assignment, 'trial' | 'rows' | 'directory'>,
  names: readonly string[],
  rounds: number,
): Promise<Result> {
  const singles = new Map<string, EntryResult[]>(names.map((name) => [name, []]))
  for (let round = 0; round < warmups + rounds; round++) {
    showProgress(`${assignment.trial}, round ${round + 1} of ${warmups + rounds}`)
    for (const name of round % 2 ? names.toReversed() : names) {
      const result = await runWorker({ ...assignment, entries: [name], rounds: 1, warmups: 0 })
      if (round >= warmups) singles.get(name)!.push(result[name]!)
    }
  }
  return Object.fromEntries(names.map((name) => [name, together(name, singles.get(name)!)]))
}

/** One result of many: all times, the one answer; of other times the median, of counts the greatest. */
function together(name: string, results: readonly EntryResult[]): EntryResult {
  const { answer, metrics } = results[0]!
  if (results.some((other) => other.answer !== answer)) throw new Error(`'${name}' answers differently each round`)
  const summary = (metric: string): number => {
    const found = results.map((result) => result.metrics[metric]!)
    return metric.endsWith('Ms') ? median(found) : Math.max(...found)
  }
  return {
    times: results.flatMap(({ times }) => times),
    answer,
    metrics: Object.fromEntries(Object.keys(metrics).map((metric) => [metric, summary(metric)])),
  }
}

async function runWorker(assignment: Assignment): Promise<Result> {
  const script = join(here, 'worker.ts')
  const child = spawn(process.execPath, [...process.execArgv, script, JSON.stringify(assignment)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((done) => child.on('close', done))
  let output = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) output += chunk
  const status = await ended
  if (status !== 0) throw new Error(`trial '${assignment.trial}' failed with status ${status}`)
  return JSON.parse(output) as Result
}

function reportTrial(trial: Trial, names: readonly string[], rounds: number, results: Result): TrialReport {
  const baseline = results[trial.baseline]!
  const entries = names.map((entry): EntryReport => {
    const { times, answer, metrics } = results[entry]!
    if (answer !== baseline.answer) {
      throw new Error(`'${entry}' answers ${answer} in trial '${trial.name}', '${trial.baseline}' ${baseline.answer}`)
    }
    return { entry, medianMs: median(times), ratio: medianRatio(times, baseline.times), metrics, times }
  })
  const marks = trial.marks.flatMap((mark) => {
    const entry = entries.find((candidate) => candidate.entry === mark.entry)
    if (!entry) return []
    const found = mark.metric === 'ratio' ? entry.ratio : entry.metrics[mark.metric]!
    return [{ ...mark, found, met: found <= mark.most }]
  })
  return { trial: trial.name, rounds, answer: baseline.answer, entries, marks }
}

function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

const wanted = values.only?.split(',') ?? trials.map(({ name }) => name)
const unknown = wanted.filter((name) => !trials.some((trial) => trial.name === name))
const rounds = Number(values.rounds ?? 1)
const counts = Number.isInteger(rows) && rows > 0 && Number.isInteger(rounds) && rounds > 0
if (unknown.length > 0 || !counts) {
  const what =
    unknown.length > 0 ? `no trial has the name ${unknown.join(', ')}` : '--rows and --rounds take whole numbers'
  console.error(`${what}\n\n${help}`)
  process.exit(2)
}

mkdirSync(directory, { recursive: true })
const reports: TrialReport[] = []
for (const trial of trials.filter(({ name }) => wanted.includes(name))) {
  showProgress(`${trial.name} …`)
  reports.push(await runTrial(trial))
}
showProgress('')
const report: Report = { machine: describeMachine(directory), rows, trials: reports }
const markdown = toMarkdown(report, trials)
mkdirSync(values.results, { recursive: true })
writeFileSync(join(values.results, 'report.json'), `${JSON.stringify(report, null, 2)}\n`)
writeFileSync(join(values.results, 'report.md'), markdown)
console.log(markdown)
