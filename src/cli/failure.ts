import { StoaError } from '../errors.ts'
import { jsonText } from './json-text.ts'
import { printable, printableJson } from './printable.ts'
import { UsageError } from './usage-error.ts'

/** Ends a program as the shell expects it. */
const FAILED = 1
const WRONG_USAGE = 2

/** Tells on the standard error why a command failed, without a stack, and gives the exit code. */
export function report(error: unknown, isJson: boolean): number {
  // Who reads no further has what it wanted.
  if (isClosedPipe(error)) return 0
  const message = error instanceof Error ? error.message : String(error)
  if (isJson) {
    process.stderr.write(`${printableJson(jsonText({ error: { code: codeOf(error), message } }))}\n`)
  } else {
    process.stderr.write(`stoa: ${printable(message)}\n`)
    if (error instanceof UsageError) {
      const command = error.command === undefined ? '' : ` ${error.command}`
      process.stderr.write(`Run 'stoa${command} --help' for help.\n`)
    } else if (!isExpected(error)) process.stderr.write('This is a fault of stoa: set STOA_DEBUG=1 for its stack.\n')
  }
  if (process.env['STOA_DEBUG'] === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return error instanceof UsageError ? WRONG_USAGE : FAILED
}

/** Failures of the world, and values that a library refuses; all else is a fault of this program. */
function isExpected(error: unknown): boolean {
  return error instanceof StoaError || (error instanceof Error && 'code' in error)
}

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return error instanceof Error ? error.name : 'Error'
}

function isClosedPipe(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === 'EPIPE') || isClosedPipe(error.cause)
}
