// Stores that go from one platform to another: what one commits the other reads, value by value, goes on with, and gives back. One
// of the other byte order is refused, and stays as it is.
import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ForeignNode } from './foreign-node.ts'

/** Columns of every type that all versions of Node.js know, rows that follow from their numbers, and a process that is killed. */
const CODE = `
  const [path, step] = process.argv.slice(1)
  const { createHash } = await import('node:crypto')
  const all = {
    f64: s.f64, f32: s.f32, i8: s.i8, i16: s.i16, i32: s.i32, i64: s.i64, u8: s.u8, u16: s.u16, u32: s.u32, u64: s.u64,
    bool: s.bool, timestamp: s.timestamp, timestamp64: s.timestamp64('ns'), side: s.oneOf('buy', 'sell'),
    symbol: s.symbol, text: s.nullable(s.utf8), bytes: s.bytes(2), vector: s.vector(s.f32, 4), perhaps: s.nullable(s.f64),
  }
  const row = (i) => ({
    f64: i / 7, f32: i / 8, i8: i % 100 - 50, i16: -i, i32: -i * 1000, i64: BigInt(-i) << 40n, u8: i % 256, u16: i,
    u32: i * 100000, u64: BigInt(i) << 50n, bool: i % 3 === 0, timestamp: i * 1000, timestamp64: BigInt(i) * 1000000007n,
    side: i % 2 ? 'buy' : 'sell', symbol: 'S' + i % 17, text: i % 5 ? 'text ' + 'é'.repeat(i % 40) : null,
    bytes: [i & 255, i >> 8], vector: [i, -i, i / 3, 0], perhaps: i % 4 ? i : null,
  })
  const show = (key, value) => typeof value === 'bigint' ? value + 'n' : ArrayBuffer.isView(value) ? [...value] : value
  try {
    const store = s.open(path, step === 'read' ? { access: 'read' } : {})
    const table = step === 'read' ? store.table('all') : store.table('all', all)
    if (step !== 'read') {
      const array = store.array('plain', s.u32)
      for (let commit = 0; commit < 5; commit++) {
        for (let i = 0; i < 300; i++) table.push(row(table.length))
        for (let i = 0; i < table.length; i += 13) table.set(i, { f64: i * commit, text: 'changed ' + commit })
        array.push(table.length)
        store.commitSync()
      }
      // What is not committed is nobody's.
      table.push(row(0))
      if (step === 'kill') process.kill(process.pid, 'SIGKILL')
      store.rollback()
    }
    const hash = createHash('sha256')
    for (let i = 0; i < table.length; i++) hash.update(JSON.stringify(table.at(i), show))
    const { ok } = await store.verify()
    console.log(JSON.stringify({ commitId: store.commitId, rows: table.length, ok, hash: hash.digest('hex'), sum: table.sum('f64') }))
    store.close()
  } catch (error) {
    console.log(error.code ?? error.stack)
  }`

export type Step = 'write' | 'kill' | 'read'

/** What a step of that code prints, on `node`, with the package in `folder`. */
export function run(node: ForeignNode | undefined, folder: string, path: string, step: Step): string {
  const code = `const s = await import(${JSON.stringify(pathToFileURL(join(folder, 'dist/index.js')).href)})\n${CODE}`
  const { stdout, stderr, signal, status, error } = spawnSync(
    node?.command ?? process.execPath,
    ['--input-type=module', '--eval', code, path, step],
    { encoding: 'utf8', env: { ...process.env, ...node?.environment } },
  )
  if (error) throw error
  // An emulator reports the signal as a shell does.
  const isKilled = signal === 'SIGKILL' || status === 137
  if (step === 'kill' ? !isKilled : status !== 0) throw new Error(`${step} ended with ${signal ?? status}: ${stderr}`)
  return stdout.trim()
}

function digest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

function expect(isSo: boolean, fact: string): void {
  if (!isSo) throw new Error(`this is not so: ${fact}`)
  console.log(`  ${fact}`)
}

/** A store goes from here to `node` and back, closed and killed. Throws where a value differs. */
export function exchange(node: ForeignNode, folder: string, work: string): void {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  for (const [from, to, way] of [
    [undefined, node, `x64 to ${node.name}`],
    [node, undefined, `${node.name} to x64`],
  ] as const) {
    const closed = join(work, `closed ${way}.stoa`)
    const written = run(from, folder, closed, 'write')
    expect(written.includes('"ok":true') && run(to, folder, closed, 'read') === written, `${way}: the same commits`)
    const further = run(to, folder, closed, 'write')
    expect(further.includes('"rows":3000,'), `${way}: the other goes on with it`)
    expect(run(from, folder, closed, 'read') === further, `${way}: and back`)
    const killed = join(work, `killed ${way}.stoa`)
    run(from, folder, killed, 'kill')
    expect(
      run(to, folder, killed, 'read') === written,
      `${way}: the same of a writer that was killed, read beside its log`,
    )
    run(to, folder, killed, 'write')
    expect(run(from, folder, killed, 'read') === further, `${way}: and recovered`)
  }
}

/** A store of one byte order is refused by the other, both ways. Leaves one of `node` at `specimen`. */
export function refusal(node: ForeignNode, folder: string, work: string): string {
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  const specimen = join(work, `${node.name}.stoa`)
  const own = join(work, 'x64.stoa')
  const written = run(node, folder, specimen, 'write')
  expect(written === run(undefined, folder, own, 'write'), `${node.name} commits what x64 commits`)
  for (const [path, other, name] of [
    [specimen, undefined, 'x64'],
    [own, node, node.name],
  ] as const) {
    const before = digest(path)
    for (const step of ['read', 'write'] as const) {
      expect(
        run(other, folder, path, step) === 'ERR_STOA_ENDIAN',
        `${name} refuses to ${step} the other's with ERR_STOA_ENDIAN`,
      )
    }
    expect(digest(path) === before, 'and leaves it as it is')
  }
  expect(run(node, folder, specimen, 'read') === written, `${node.name} reads its own`)
  return specimen
}
