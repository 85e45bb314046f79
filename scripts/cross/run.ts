import { spawnSync } from 'node:child_process'

/** What a command prints. Throws with what it complained of where it fails. */
export function outputOf(command: string, args: readonly string[], environment: Record<string, string> = {}): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, ...environment },
  })
  if (error) throw error
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? status}: ${(stderr || stdout).trim()}`)
  }
  return stdout
}
