// Goal: a commit that a reader has shown is never taken back, not even for the time that the next writer needs to recover
// what the one before left half-written.
// Method: the bytes of a file whose writer died while it wrote a commit home, or just before it told of it; Python holds
// the lock, as a writer does that recovers.
import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import type { ExecutionContext } from 'ava'
import { f64, open } from '../src/index.ts'
import { Child } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { needing } from './support/needs.ts'

const withPython = needing('python3', spawnSync('python3', ['--version']).status === 0)

/** Where a writer tells the others which commit is home. Source: docs/format.md. */
const SEQUENCE_AT = 2 * 65536
const BLOCK_AT = SEQUENCE_AT + 64
const BLOCK_BYTES = 40

const HOLD_LOCK = `
import fcntl, sys
with open(sys.argv[1], 'r+b') as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print('locked', flush=True)
    sys.stdin.readline()
`

/** A store of two commits whose writer told only of the first: the word of the second is given. */
function abandoned(t: ExecutionContext, isHome: boolean): string {
  const path = storePath(t)
  const writer = open(path)
  const table = writer.table('t', { x: f64 })
  table.push({ x: 1 })
  writer.commitSync()
  const told = readFileSync(path).subarray(BLOCK_AT, BLOCK_AT + BLOCK_BYTES)
  table.set(0, { x: 2 })
  table.push({ x: 2 })
  t.is(writer.commitSync(), 2)
  const copy = `${path}.copy`
  copyFileSync(path, copy)
  writer.close()
  const bytes = readFileSync(copy)
  told.copy(bytes, BLOCK_AT)
  new BigUint64Array(bytes.buffer, bytes.byteOffset + SEQUENCE_AT, 1)[0] = isHome ? 4n : 5n
  writeFileSync(copy, bytes)
  return copy
}

for (const isHome of [true, false]) {
  const when = isHome ? 'before it told of it' : 'while it wrote it home'
  withPython(`a commit whose writer died ${when} stays while the next one recovers`, async (t) => {
    const path = abandoned(t, isHome)
    const reader = open(path, { access: 'read' })
    const table = reader.table('t', { x: f64 })
    t.deepEqual(
      Array.from(table, ({ x }) => x),
      [2, 2],
    )
    const recovering = new Child('python3', ['-c', HOLD_LOCK, path])
    t.is(await recovering.line(), 'locked')
    for (let look = 0; look < 3; look++) {
      t.false(reader.refresh())
      t.is(reader.commitId, 2)
      t.is(table.length, 2)
    }
    const late = open(path, { access: 'read' })
    t.is(late.commitId, 2)
    t.deepEqual(
      Array.from(late.table('t'), ({ x }) => x as unknown),
      [2, 2],
    )
    late.close()
    await recovering.say('enough')
    const writer = open(path, { wait: 10_000 })
    t.is(writer.commitId, 2)
    writer.table('t', { x: f64 }).push({ x: 3 })
    writer.commitSync()
    t.true(reader.refresh())
    t.deepEqual(
      Array.from(table, ({ x }) => x),
      [2, 2, 3],
    )
    writer.close()
    reader.close()
  })
}
