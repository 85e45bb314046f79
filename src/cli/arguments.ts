import { parseArgs, type ParseArgsConfig } from 'node:util'
import { quoted } from '../errors.ts'
import { suggestion } from '../schema/nearest.ts'
import type { Command, Option } from './command.ts'
import { UsageError } from './usage-error.ts'

/** Options of every command. */
export const COMMON: Readonly<Record<string, Option>> = {
  json: { help: 'print JSON instead of text; failures too, on the standard error' },
  help: { short: 'h', help: 'print this help' },
}

/** The arguments of a command, checked against what it takes. */
export class Arguments {
  readonly #command: Command
  readonly #positionals: readonly string[]
  readonly #values: ReadonlyMap<string, readonly string[]>

  private constructor(command: Command, positionals: readonly string[], values: ReadonlyMap<string, string[]>) {
    this.#command = command
    this.#positionals = positionals
    this.#values = values
  }

  /** Reads them; what a command does not take is a UsageError. */
  static parse(command: Command, argv: readonly string[]): Arguments {
    const known: Readonly<Record<string, Option>> = { ...command.options, ...COMMON }
    const options: ParseArgsConfig['options'] = {}
    for (const [name, { value, short }] of Object.entries(known)) {
      options[name] = { type: value === undefined ? 'boolean' : 'string', ...(short !== undefined && { short }) }
    }
    // Not strict: the messages of the library name neither what is near nor what to do.
    const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true })
    const positionals: string[] = []
    const values = new Map<string, string[]>()
    for (const token of tokens) {
      if (token.kind === 'positional') positionals.push(token.value)
      if (token.kind !== 'option') continue
      const value = checkOption(command, known, token)
      const before = values.get(token.name) ?? []
      if (before.length > 0 && known[token.name]?.isRepeated !== true && value !== '') {
        throw new UsageError(`the option --${token.name} is given twice`, command.name)
      }
      values.set(token.name, [...before, value])
    }
    if (!values.has('help')) checkPositionals(command, positionals)
    return new Arguments(command, positionals, values)
  }

  positional(place: number): string {
    return this.#positionals[place] as string
  }

  has(option: string): boolean {
    return this.#values.has(option)
  }

  text(option: string): string | undefined {
    return this.#values.get(option)?.at(-1)
  }

  texts(option: string): readonly string[] {
    return this.#values.get(option) ?? []
  }

  /** A whole number from `min` to `max`. */
  whole(option: string, min: number, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
    const text = this.text(option)
    if (text === undefined) return undefined
    const number = Number(text)
    if (/^-?\d+$/.test(text) && number >= min && number <= max) return number
    const to = max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`
    const from = min === -Number.MAX_SAFE_INTEGER ? '' : ` from ${min}${to}`
    throw this.wrong(`the option --${option} takes a whole number${from}, found ${quoted(text)}`)
  }

  /** One of some words. */
  oneOf<W extends string>(option: string, words: readonly W[]): W | undefined {
    const text = this.text(option)
    if (text === undefined || words.includes(text as W)) return text as W | undefined
    throw this.wrong(
      `the option --${option} takes one of ${words.join(', ')}, found ${quoted(text)}${suggestion(text, words)}`,
    )
  }

  wrong(message: string): UsageError {
    return new UsageError(message, this.#command.name)
  }
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

/** The value of an option, or an empty text for a switch. */
function checkOption(command: Command, known: Readonly<Record<string, Option>>, token: OptionToken): string {
  const { name, rawName, value, inlineValue } = token
  const option = Object.hasOwn(known, name) ? known[name] : undefined
  if (option === undefined) {
    const near = suggestion(name, Object.keys(known)).replaceAll("'", '').replace('mean ', 'mean --')
    throw new UsageError(`stoa ${command.name} has no option ${quoted(rawName)}${near}`, command.name)
  }
  if (option.value === undefined) {
    if (inlineValue !== true) return ''
    throw new UsageError(`the option --${name} takes no value, found ${quoted(value ?? '')}`, command.name)
  }
  // `--table --json` forgot the name; `--from -10` did not.
  const isForgotten = value === undefined || (inlineValue !== true && /^-[^\d]/.test(value))
  if (!isForgotten) return value
  throw new UsageError(`the option --${name} needs a value: --${name} ${option.value}`, command.name)
}

function checkPositionals({ name, positionals: expected }: Command, found: readonly string[]): void {
  const missing = expected[found.length]
  if (missing !== undefined) {
    throw new UsageError(`${missing} is missing: stoa ${name} ${expected.join(' ')}`, name)
  }
  const surplus = found[expected.length]
  if (surplus !== undefined) {
    throw new UsageError(`${quoted(surplus)} is one argument too many: stoa ${name} ${expected.join(' ')}`, name)
  }
}
