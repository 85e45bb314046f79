import { COMMON } from './arguments.ts'
import type { Command, Option } from './command.ts'

/** The help of `stoa` itself. */
export function mainHelp(commands: readonly Command[]): string[] {
  const entries = commands.map(({ name, positionals, summary }) => [`${name} ${positionals.join(' ')}`, summary])
  return [
    'stoa: tables and arrays that live in a file',
    '',
    'Usage: stoa COMMAND ARGUMENTS [OPTIONS]',
    '',
    ...aligned(entries),
    '',
    `  ${'stoa COMMAND --help'.padEnd(22)}tells the options of a command, with examples`,
    `  ${'stoa --version'.padEnd(22)}tells the version`,
    '',
    'First steps:',
    '  stoa import trades.csv market.stoa     makes a store out of a CSV, NDJSON, Parquet or Arrow file',
    '  stoa head market.stoa                  shows its first rows',
    '  stoa stats market.stoa                 tells what is in each column',
    '',
    'A store that another program has open for writing can be looked at meanwhile.',
    'Every command takes --json. Exit codes: 0 done, 1 failed, 2 wrong usage.',
  ]
}

/** The help of one command. */
export function commandHelp({ name, positionals, summary, options, details, examples }: Command): string[] {
  return [
    `stoa ${name}: ${summary}`,
    '',
    `Usage: stoa ${name} ${positionals.join(' ')} [OPTIONS]`,
    '',
    'Options:',
    ...aligned(Object.entries({ ...options, ...COMMON }).map(([option, spec]) => [flag(option, spec), spec.help])),
    ...details.flatMap((paragraph) => ['', ...wrapped(paragraph)]),
    '',
    'Examples:',
    ...examples.map((example) => `  ${example}`),
  ]
}

function flag(name: string, { short, value }: Option): string {
  const letter = short === undefined ? '    ' : `-${short}, `
  return `${letter}--${name}${value === undefined ? '' : ` ${value}`}`
}

function aligned(entries: readonly (readonly string[])[]): string[] {
  const width = Math.max(...entries.map(([left]) => (left as string).length))
  return entries.map(([left, right]) => `  ${(left as string).padEnd(width)}  ${right}`)
}

function wrapped(text: string, width = 80): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
