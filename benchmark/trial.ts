// What a benchmark is made of. A trial asks one question; a peer answers with one workload a question, in the fastest
// way its own documentation shows; a contender is a workload that runs.

export interface Setting {
  /** Rows of the table. */
  readonly rows: number
  /** A folder of its own on the disk that is measured. */
  readonly directory: string
  /** Bytes of the file that the `open` question opens. */
  readonly fileBytes?: number
}

export interface Contender {
  /** Brings the contender to the state in which a round begins. Not timed. */
  prepare?(): void
  /** The work. Timed. */
  round(): void | Promise<void>
  /** A number that must be the same for all contenders of a trial after the same number of rounds. Not timed. */
  answer(): number
  /** What else was measured in the last round. */
  metrics?(): Promise<Record<string, number>>
  close(): void
}

export type Workload = (setting: Setting) => Contender | Promise<Contender>

export type Question =
  | 'scan'
  | 'push'
  | 'pushLiteral'
  | 'loadRows'
  | 'loadColumns'
  | 'commitOneRow'
  | 'commitOneRowAwaited'
  | 'commitHundredRows'
  | 'open'
  | 'growth'
  | 'updates'
  | 'scattered'
  | 'readRows'
  | 'readRandomRows'
  | 'pushMixed'
  | 'pushText'
  | 'sum'
  | 'filter'
  | 'sort'
  | 'importParquet'

export interface Peer {
  readonly name: string
  readonly version: string
  readonly workloads: Partial<Record<Question, Workload>>
}

export interface Entry {
  /** The name in the report. */
  readonly name: string
  readonly peer: string
  readonly workload: Question
  readonly fileBytes?: number
}

/** What must hold: `metric` of `entry` is at most `most`. The metric `ratio` is time against the baseline. */
export interface Mark {
  readonly entry: string
  readonly metric: string
  readonly most: number
}

export interface Trial {
  readonly name: string
  readonly question: string
  /** What is counted: times are given for one of these. */
  readonly unit: string
  /** How many units a round works through. */
  units(rows: number): number
  /**
   * `shared`: all contenders alternate round by round in one process, for ratios near 1 that noise would drown.
   * `own`: every round of every contender has a process of its own, for work that happens once to a process.
   */
  readonly process: 'shared' | 'own'
  readonly rounds: number
  /** Rounds that are run first and not counted. */
  readonly warmups: number
  readonly entries: readonly Entry[]
  /** The entry to which times are compared. */
  readonly baseline: string
  readonly marks: readonly Mark[]
  /** Makes what all contenders share, once, in a process of its own. */
  setup?(setting: Setting): Promise<void>
}
