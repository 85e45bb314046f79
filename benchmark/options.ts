// The command line of the benchmark.
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { peerNames } from './peers/index.ts'
import { trials } from './trials/index.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const trialNames = trials.map(({ name }) => name)

const help = `npm run bench -- [options]; benchmark/README.md says how it measures

  --only NAMES       trials, with commas (default all):
                     ${trialNames.join(', ')}
  --peers NAMES      peers, with commas (default all); the baseline always runs:
                     ${peerNames.join(', ')}
  --rows N           rows of the table (default 1e6)
  --quick            few rounds: a first look
  --rounds N         rounds of every trial (default: the trial's own)
  --budget SECONDS   a contender leaves a trial after that long (default 6, with --quick 2)
  --directory PATH   where the files go: this is the disk that is timed (default benchmark/data)
  --results PATH     where the report goes; what is there of the same rows and machine is kept (default benchmark/results)
  --fresh            forgets what is there
  --document         writes the figures into docs/performance.md, too
  --report-only      runs nothing, and writes again what the results are shown in
  --check-syncs      times nothing, and counts with strace the syncs of the durable ones of these trials`

export interface Options {
  readonly only: readonly string[]
  readonly peers: readonly string[]
  readonly rows: number
  readonly rounds: (own: number) => number
  readonly budgetMs: number
  readonly directory: string
  readonly results: string
  readonly isFresh: boolean
  readonly documents: boolean
  readonly task: 'measure' | 'report' | 'checkSyncs'
}

const QUICK_ROUNDS = 3

/** Ends the process where the help was asked for, or an option is wrong. */
export function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      only: { type: 'string' },
      peers: { type: 'string' },
      rows: { type: 'string', default: '1e6' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      budget: { type: 'string' },
      directory: { type: 'string', default: join(here, 'data') },
      results: { type: 'string', default: join(here, 'results') },
      fresh: { type: 'boolean', default: false },
      document: { type: 'boolean', default: false },
      'report-only': { type: 'boolean', default: false },
      'check-syncs': { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(help)
    process.exit()
  }
  const only = values.only?.split(',') ?? trialNames
  const peers = values.peers?.split(',') ?? peerNames
  requireKnown('trial', only, trialNames)
  requireKnown('peer', peers, peerNames)
  const rounds = values.rounds === undefined ? undefined : readCount('--rounds', values.rounds)
  return {
    only,
    peers,
    rows: readCount('--rows', values.rows),
    rounds: (own) => rounds ?? (values.quick ? Math.min(own, QUICK_ROUNDS) : own),
    budgetMs: readCount('--budget', values.budget ?? (values.quick ? '2' : '6')) * 1000,
    directory: resolve(values.directory),
    results: resolve(values.results),
    isFresh: values.fresh,
    documents: values.document,
    task: values['report-only'] ? 'report' : values['check-syncs'] ? 'checkSyncs' : 'measure',
  }
}

function requireKnown(what: string, names: readonly string[], known: readonly string[]): void {
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) refuse(`no ${what} has the name ${unknown.join(', ')}`)
}

function readCount(option: string, text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) refuse(`${option} takes a whole number over 0, not ${text}`)
  return count
}

function refuse(what: string): never {
  console.error(`${what}\n\n${help}`)
  process.exit(2)
}
