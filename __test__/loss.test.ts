// Goal: a file that is cut short under an open store ends no process. What is gone reads as zeros, the next call that
// reaches the core says so, close works, and what the file still holds opens again.
// Method: processes of their own, whose file is truncated by the parent; writers, readers, live stores, kernels.
import { truncateSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { f64, open } from '../src/index.ts'
import { startScript } from './support/child.ts'
import { storePath } from './support/directory.ts'

const ROWS = 200_000

function filled(t: ExecutionContext): string {
  const path = storePath(t)
  const store = open(path)
  store.table('t', { x: f64 }).append({ x: new Float64Array(ROWS).fill(1) })
  store.close()
  return path
}

/** Runs `look` in a process that has the store open, once half of the file is gone; gives what it prints. */
async function afterCut(t: ExecutionContext, options: string, look: string): Promise<string[]> {
  const path = filled(t)
  const child = startScript(
    `const store = stoa.open(argv[0], ${options})
    const table = store.table('t')
    const view = table.arrays.x
    const code = (call) => { try { return String(call()) } catch (error) { return error.code + ' ' + error.message } }
    console.log('open')
    await new Promise((done) => process.stdin.once('data', done))
    ${look}
    store.close()
    console.log(code(() => table.length), view.length)
    console.log('end')
    process.exit()`,
    [path],
  )
  t.is(await child.line(), 'open')
  truncateSync(path, 2 ** 20)
  await child.say('go on')
  const lines: string[] = []
  while (lines.at(-1) !== 'end') lines.push(await child.line())
  return lines
}

const LOOK = `let sum = 0
    for (let i = 0; i < view.length; i++) sum += view[i]
    console.log(sum > 0 && sum < view.length)
    console.log(code(() => store.refresh()))
    console.log(code(() => table.sum('x')))`

for (const options of ['{}', "{ access: 'read' }", '{ live: true }']) {
  test(`rows that are gone read as zeros, and the next call says so: open(path, ${options})`, async (t) => {
    const [isPart, , sum, afterClose] = await afterCut(t, options, LOOK)
    t.is(isPart, 'true')
    t.regex(sum as string, /^ERR_STOA_POISONED .*cut short/)
    t.regex(afterClose as string, /^ERR_STOA_CLOSED .* 0$/)
  })
}

test('a commit after that is refused, and nothing of it is in the file', async (t) => {
  const [commit, again] = await afterCut(
    t,
    '{}',
    `view[0] = 5
    view[view.length - 1] = 5
    console.log(code(() => store.commitSync()))
    console.log(code(() => store.rollback()))`,
  )
  t.regex(commit as string, /^ERR_STOA_POISONED .*cut short/)
  t.regex(again as string, /^ERR_STOA_POISONED/)
})

test('a kernel of the core that meets the loss ends, and nothing opens the file that is not all there', async (t) => {
  const lines = await afterCut(
    t,
    "{ access: 'read' }",
    `console.log(code(() => table.sum('x') < view.length))
    console.log(code(() => table.sum('x')))
    console.log(code(() => stoa.open(argv[0], { access: 'read' })))`,
  )
  t.is(lines[0], 'true')
  t.regex(lines[1] as string, /^ERR_STOA_POISONED/)
  t.regex(lines[2] as string, /^ERR_STOA_CORRUPT/)
})
