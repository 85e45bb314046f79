import { fileURLToPath } from 'node:url'
import { Child, type Output, run, typescript } from './child.ts'

function scriptArguments(script: string, more: readonly string[]): string[] {
  return [...typescript, fileURLToPath(new URL(`../../examples/${script}`, import.meta.url)), ...more]
}

/** Starts an example as a user does. */
export function startExample(script: string, ...more: readonly string[]): Child {
  return new Child(process.execPath, scriptArguments(script, more))
}

/** Runs it to its end, and gives the lines that it printed. */
export async function exampleLines(script: string, ...more: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr }: Output = await run(process.execPath, scriptArguments(script, more))
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${stderr}`)
  return stdout.trimEnd().split('\n')
}
