// What a benchmark is made of. A trial asks one question; a peer answers with one workload a question, in the fastest
// way its own documentation shows; a contender is a workload that runs.

export interface Setting {
  /** Rows of the table. */
  readonly rows: number
  /** A folder of the entry's own on the disk that is measured. */
  readonly directory: string
  /** Bytes of the file that the `open` question opens. */
  readonly fileBytes?: number
}

export interface Contender {
  /** Brings the contender to the state in which a round begins. Not timed. */
  prepare?(): void | Promise<void>
  /** The work. Timed. */
  round(): void | Promise<void>
  /** A number that must be the same for all contenders of a trial after the same number of rounds. Not timed. */
  answer(): number | Promise<number>
  /** What else was measured, asked once at the end. */
  metrics?(): Record<string, number> | Promise<Record<string, number>>
  close(): void | Promise<void>
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
  | 'fill'
  | 'fillBig'
  | 'open'
  | 'openSum'
  | 'readAll'
  | 'import'
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
  /** Does not take part in tables of more rows. */
  readonly mostRows?: number
}

/** What must hold: `metric` of `entry` is at most `most`. The metric `ratio` is that to the baseline. */
export interface Mark {
  readonly entry: string
  readonly metric: string
  readonly most: number | ((rows: number) => number)
}

export interface Trial {
  readonly name: string
  readonly question: string
  /** What is counted: times are given for one of these. */
  readonly unit: string
  /** How many units a round works through. */
  units(rows: number): number
  /**
   * `kept`: a process for each entry, which lives over the rounds. `fresh`: a process for every round of every entry, for
   * work that happens once to a process. Either way only one of them works at a time, and they alternate.
   */
  readonly process: 'kept' | 'fresh'
  readonly rounds: number
  /** Rounds that are run first and not counted. */
  readonly warmups: number
  /** How often a round does the work; its time is their median. More than one lets a process wake up. Default 1. */
  readonly repeats?: number
  /** The metric that is compared instead of the time. */
  readonly measure?: string
  /** The workload that an earlier process of each entry runs once, to make what the rounds find. */
  readonly fill?: Question
  readonly entries: readonly Entry[]
  /** The entry to which the others are compared. */
  readonly baseline: string
  readonly marks: readonly Mark[]
}
