// Goal: the commit at exit follows what became of the process: made when it lives on after an error, not when it dies.
// Method: processes of their own that throw, with and without a handler. Others on commitEvery: lifetime.test.ts.
import test from 'ava'
import { open } from '../src/index.ts'
import { runScript } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { exceptIn } from './support/needs.ts'

const withRejections = exceptIn(
  ['Bun'],
  'a rejection that nobody dealt with ends the process, and no handler of errors is told',
)

const cases: Record<string, { code: string; rows: number }> = {
  'an error that a handler dealt with': {
    code: `process.on('uncaughtException', () => {})
      setTimeout(() => { throw new Error('dealt with') }, 1)
      setTimeout(() => table.push({ x: 2 }), 30)`,
    rows: 2,
  },
  'a rejection that a handler dealt with': {
    code: `process.on('uncaughtException', () => {})
      Promise.reject(new Error('dealt with'))
      setTimeout(() => table.push({ x: 2 }), 30)`,
    rows: 2,
  },
  'an error that nobody dealt with': {
    code: `table.push({ x: 2 })
      setTimeout(() => { throw new Error('crashed') }, 1)`,
    rows: 1,
  },
  'an error that a handler ends the process for': {
    code: `process.on('uncaughtException', () => process.exit(1))
      table.push({ x: 2 })
      setTimeout(() => { throw new Error('crashed') }, 1)`,
    rows: 1,
  },
  'an error that nobody dealt with after one that was': {
    code: `process.once('uncaughtException', () => {})
      table.push({ x: 2 })
      setTimeout(() => { throw new Error('dealt with') }, 1)
      setTimeout(() => { throw new Error('crashed') }, 30)`,
    rows: 1,
  },
}

for (const [what, { code, rows }] of Object.entries(cases)) {
  const declare = what.startsWith('a rejection') ? withRejections : (test as typeof withRejections)
  declare(`after ${what} the exit ${rows === 2 ? 'commits' : 'does not commit'}`, async (t) => {
    const path = storePath(t)
    const { stdout, stderr } = await runScript(
      `const store = stoa.open(argv[0], { commitEvery: 100_000 })
      const table = store.table('t', { x: stoa.f64 })
      table.push({ x: 1 })
      store.commitSync()
      console.log('ready')
      ${code}`,
      [path],
    )
    t.is(stdout.trim(), 'ready', stderr)
    const store = open(path)
    t.is(store.table('t').length, rows, stderr)
    store.close()
  })
}
