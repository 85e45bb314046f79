import type { Arguments } from './arguments.ts'
import type { Output } from './output.ts'

/** An option of a command, for the parser and for the help. */
export interface Option {
  /** What stands for its value in the help: `NAME`. Without it the option is a switch. */
  readonly value?: string
  readonly short?: string
  /** Whether it may be given more than once. */
  readonly isRepeated?: boolean
  readonly help: string
}

/** One command of `stoa`. */
export interface Command {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  /** Names of the arguments that must be there: `STORE`. */
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, Option>>
  /** Paragraphs of the help: what is not plain from the summary and the options. */
  readonly details: readonly string[]
  readonly examples: readonly string[]
  run(given: Arguments, output: Output): Promise<void>
}

/** Options that several commands have. */
export const TABLE: Option = {
  value: 'NAME',
  short: 't',
  help: 'the table, or array; may be left out where there is one',
}
export const COLUMNS: Option = {
  value: 'A,B',
  short: 'c',
  isRepeated: true,
  help: 'these columns, in this order',
}
