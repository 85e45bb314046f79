import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { type Output, run } from './child.ts'

/** The built command line. */
export const program: string = fileURLToPath(new URL('../../dist/cli/stoa.js', import.meta.url))

/** Runs `stoa` to its end, in a folder. */
export function stoa(folder: string, ...args: string[]): Promise<Output> {
  return run(process.execPath, [program, ...args], {}, folder)
}

/** The same, for what must succeed and say nothing on the standard error: gives what it printed. */
export async function done(t: ExecutionContext<unknown>, folder: string, ...args: string[]): Promise<string> {
  const { code, signal, stdout, stderr } = await stoa(folder, ...args)
  t.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: '' }, args.join(' '))
  return stdout
}

/** For what must print JSON. */
export async function json(t: ExecutionContext<unknown>, folder: string, ...args: string[]): Promise<any> {
  return JSON.parse(await done(t, folder, ...args, '--json'))
}

/** For what must fail: gives the message. */
export async function failing(
  t: ExecutionContext<unknown>,
  code: 1 | 2,
  folder: string,
  ...args: string[]
): Promise<string> {
  const output = await stoa(folder, ...args)
  t.deepEqual({ code: output.code, stdout: output.stdout }, { code, stdout: '' }, `${args.join(' ')}: ${output.stderr}`)
  t.notRegex(output.stderr, /^\s+at |node:internal/m, 'a stack')
  return output.stderr
}
