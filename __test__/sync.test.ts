// Goal: a failed sync poisons the store: no later commit is acknowledged, reopening finds the last acknowledged one.
// Method: strace makes the system call fail in a process of its own. Without it the tests are skipped and say so; in CI
// they fail.
import { spawnSync } from 'node:child_process'
import { f64, open } from '../src/index.ts'
import { run, scriptArguments } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { needing } from './support/needs.ts'

const withStrace = needing('strace', spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0)

const code = `
const report = (error) => ({ code: error.code, errno: error.errno, syscall: error.syscall })
const failure = (call) => { try { call(); return 'no error' } catch (error) { return report(error) } }
const store = stoa.open(argv[0])
const table = store.table('t', { x: stoa.f64 })
const told = []
store.on('commit', (id) => told.push(id))
let first
for (let x = 1; first === undefined && x <= 50; x++) {
  table.push({ x })
  try {
    if (argv[1] === 'sync') store.commitSync()
    else await store.commit()
  } catch (error) {
    first = report(error)
  }
}
const { length } = table
const after = {
  first,
  commit: failure(() => store.commitSync()),
  again: await store.commit().then(() => 'no error', report),
  transaction: failure(() => store.transactionSync(() => table.push({ x: 0 }))),
  length,
  // What lies in memory may still be read and written.
  read: table.at(0)?.x,
  set: failure(() => table.set(0, { x: 99 })),
  told,
  close: failure(() => store.close()),
  closed: store.closed,
}
console.log(JSON.stringify(after))`

for (const how of ['sync', 'async']) {
  withStrace(`after a sync that fails in a commit (${how}) nothing more is acknowledged`, async (t) => {
    const path = storePath(t)
    const inject = ['fdatasync', 'fsync'].flatMap((call) => ['-e', `inject=${call}:error=EIO:when=12+`])
    // A range-durable write is a sync as well.
    const args = [
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=fdatasync,fsync,pwritev2',
      ...inject,
      '-e',
      'inject=pwritev2:error=EIO:when=6+',
    ]
    const { stdout, stderr } = await run('strace', [...args, process.execPath, ...scriptArguments(code, [path, how])])
    const after = JSON.parse(stdout || `"${stderr}"`) as Record<string, { code?: string; errno?: number }> & {
      told: number[]
      length: number
    }
    t.like(after['first'], { code: 'ERR_STOA_IO', errno: 5 }, stdout)
    t.is(after['commit']?.code, 'ERR_STOA_POISONED')
    t.is(after['again']?.code, 'ERR_STOA_POISONED')
    t.is(after['transaction']?.code, 'ERR_STOA_POISONED')
    t.is(after['read'] as unknown, 1)
    t.is(after['set'] as unknown, 'no error')
    // A store poisoned before closes quietly.
    t.is(after['close'] as unknown, 'no error')
    t.is(after['closed'] as unknown, true)
    const acknowledged = after.told.length
    const store = open(path)
    const { length } = store.table('t', { x: f64 })
    // The failed one may have reached the disk all the same; nothing later can.
    t.true(length === acknowledged || length === acknowledged + 1, `${length} rows, ${acknowledged} acknowledged`)
    t.is(store.table('t').at(0)?.['x'] as unknown, acknowledged === 0 ? undefined : 1)
    store.close()
  })
}
