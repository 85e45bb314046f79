// Goal: an operation that still runs on a view when its store is closed reaches that view's memory and nothing else,
// however many stores are closed and opened meanwhile.
// Method: in a process of its own, a read from a fifo is left waiting over the close; what then arrives is looked for.
import test, { type ExecutionContext } from 'ava'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { runScript } from './support/child.ts'
import { directory } from './support/directory.ts'
import { exceptIn } from './support/needs.ts'

/** Only Linux tells a process its address space. */
const linux = process.platform === 'linux' ? test : test.skip

/** Bun and Deno are done with a buffer as soon as it is detached. */
const keeping = exceptIn(
  ['Bun', 'Deno'],
  'a closed store gives its address space back at once, so there is no bound to reach',
)

/** Runs it to its end, which must be a good one. */
async function run(t: ExecutionContext, code: string, flags: readonly string[] = []): Promise<void> {
  const folder = directory(t)
  execFileSync('mkfifo', [join(folder, 'fifo')])
  const { code: exitCode, signal, stderr } = await runScript(code, [folder], flags)
  t.is(signal, null, stderr)
  t.is(exitCode, 0, stderr)
}

test('a read that outlives its store and a hundred closings reaches no other store', async (t) => {
  await run(
    t,
    `const { openSync, read, writeSync } = await import('node:fs')
    const fifo = openSync(argv[0] + '/fifo', 'r+')
    const use = (name) => {
      const store = stoa.open(argv[0] + '/' + name + '.stoa')
      store.table('t', { byte: stoa.u8 }).append({ byte: new Uint8Array(5000) })
      return store
    }
    const first = use('first')
    const arrived = new Promise((done, fail) =>
      read(fifo, first.table('t').arrays.byte, 0, 4096, null, (error, bytes) => error ? fail(error) : done(bytes)))
    first.close({ discard: true })
    // As soon as the memory of the first were given back, the next store would have it.
    const others = []
    for (let i = 0; i < 100; i++) {
      use('closed').close({ discard: true })
      const other = use(i)
      other.commitSync()
      others.push(other)
    }
    writeSync(fifo, new Uint8Array(4096).fill(0x41))
    if (await arrived !== 4096) throw new Error('the read did not end')
    others.forEach((other, i) => {
      if (other.table('t').arrays.byte.some((byte) => byte !== 0)) throw new Error('store ' + i + ' was changed')
      if (other.isDirty()) throw new Error('store ' + i + ' is dirty')
    })`,
  )
})

linux('stores closed without ever collecting take the address space that was shown, and no more', async (t) => {
  await run(
    t,
    `const { readFileSync } = await import('node:fs')
    const addressSpace = () => 1024 * Number(/VmSize:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
    const use = () => {
      const store = stoa.open(argv[0] + '/test.stoa')
      store.table('t', { x: stoa.f64, n: stoa.u32 }).push({ x: 1, n: 1 })
      store.close({ discard: true })
    }
    for (let i = 0; i < 10; i++) use()
    const before = addressSpace()
    for (let i = 0; i < 500; i++) use()
    const grown = addressSpace() - before
    // Two windows of 64 KiB a store; the rest is V8's.
    if (grown > 500 * 2 * 65536 + 64e6) throw new Error(grown + ' bytes more')`,
  )
})

linux('address space comes back once the collector has run', async (t) => {
  await run(
    t,
    `const { readFileSync } = await import('node:fs')
    const mappings = () => readFileSync('/proc/self/maps', 'utf8').split('\\n').length
    const use = () => {
      const store = stoa.open(argv[0] + '/test.stoa')
      store.table('t', { x: stoa.f64 }).push({ x: 1 })
      store.close({ discard: true })
    }
    use()
    const before = mappings()
    for (let i = 0; i < 200; i++) use()
    const isKept = !('bun' in process.versions || 'deno' in process.versions)
    if (isKept && mappings() < before + 190) throw new Error('nothing was kept: ' + (mappings() - before))
    for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate) }
    use()
    if (mappings() > before + 60) throw new Error(mappings() - before + ' mappings more')`,
    ['--expose-gc'],
  )
})

keeping(
  'closing stores without end in one turn is refused before the process runs out of mappings, and then goes on',
  async (t) => {
    await run(
      t,
      `const schema = Object.fromEntries(Array.from({ length: 64 }, (_, i) => ['c' + i, stoa.u8]))
    const row = Object.fromEntries(Object.keys(schema).map((name) => [name, 1]))
    const use = () => {
      const store = stoa.open(argv[0] + '/test.stoa')
      try { store.table('t', schema).push(row) } finally { store.close({ discard: true }) }
    }
    let error
    let closings = 0
    for (; error === undefined && closings < 1000; closings++) try { use() } catch (thrown) { error = thrown }
    if (error?.code !== 'ERR_STOA_LIMIT' || !error.message.includes('event loop')) throw error ?? new Error('no limit')
    if (closings !== 513) throw new Error('refused after ' + closings)
    for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate) }
    for (let i = 0; i < 100; i++) use()`,
      ['--expose-gc'],
    )
  },
)
