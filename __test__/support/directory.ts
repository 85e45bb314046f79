import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'

/** A folder for one test, removed after it. */
export function directory(t: ExecutionContext<unknown>): string {
  const path = mkdtempSync(join(tmpdir(), 'stoa-test-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** The path of a store that does not exist yet, in a folder for one test. */
export function storePath(t: ExecutionContext<unknown>, name = 'test.stoa'): string {
  return join(directory(t), name)
}
