import { createRequire } from 'node:module'
import { quoted } from '../errors.ts'
import { suggestion } from '../schema/nearest.ts'
import { Arguments } from './arguments.ts'
import type { Command } from './command.ts'
import { COMMANDS } from './commands.ts'
import { commandHelp, mainHelp } from './help.ts'
import { Output } from './output.ts'
import { UsageError } from './usage-error.ts'

/** Runs `stoa` with its arguments. What fails is thrown. */
export async function main(argv: readonly string[]): Promise<void> {
  const output = new Output(argv.includes('--json'))
  const [first, ...rest] = argv
  if (first === undefined) {
    process.stderr.write(`${mainHelp(COMMANDS).join('\n')}\n`)
    process.exitCode = 2
    return
  }
  if (first === '--version' || first === '-V') return output.lines([version()])
  if (first === '--help' || first === '-h' || first === 'help') {
    const [about] = first === 'help' ? rest : []
    return output.lines(about === undefined ? mainHelp(COMMANDS) : commandHelp(commandOf(about)))
  }
  const command = commandOf(first)
  const given = Arguments.parse(command, rest)
  if (given.has('help')) return output.lines(commandHelp(command))
  await command.run(given, output)
  process.exitCode = output.exitCode
}

function commandOf(name: string): Command {
  const command = COMMANDS.find((each) => each.name === name)
  if (command !== undefined) return command
  if (name.startsWith('-')) throw new UsageError(`the command comes before its options, found ${quoted(name)}`)
  const names = COMMANDS.map((each) => each.name)
  const near = suggestion(name, names) || `; there are: ${names.join(', ')}`
  throw new UsageError(`there is no command ${quoted(name)}${near}`)
}

function version(): string {
  const require = createRequire(import.meta.url)
  return (require('../../package.json') as { version: string }).version
}
