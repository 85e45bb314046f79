// Goal: a message is short and quick to make, however large what it tells of.
// Method: labels, names and numbers of sizes that nobody prints; the length of the message and the time of the processor.
import test, { type ExecutionContext } from 'ava'
import { oneOf, open, symbol, u8, utf8 } from '../src/index.ts'
import { storePath } from './support/directory.ts'

const labels = Array.from(
  { length: 65_536 },
  (_, at) => `label number ${at} with more text behind it, up to some length`,
)

/** Of processor time, the least of three: other programs take time, too. */
function leastMilliseconds(call: () => void): number {
  return Math.min(
    ...Array.from({ length: 3 }, () => {
      const started = process.cpuUsage()
      call()
      const { user, system } = process.cpuUsage(started)
      return (user + system) / 1000
    }),
  )
}

function told(t: ExecutionContext, call: () => unknown): string {
  let message = ''
  const ms = leastMilliseconds(() => ({ message } = t.throws(call) as Error))
  t.true(ms < 400, `${ms} ms for ${message.slice(0, 100)}`)
  t.true(message.length < 1500, `${message.length} characters`)
  return message
}

test('one wrong label of 65,536, or of a long list of symbols, is told quickly', (t) => {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  const table = store.table('t', { side: oneOf(...labels) })
  const message = told(t, () => table.push({ side: 'label number 7 with more text behind it, up to some lengt' }))
  t.regex(message, /takes one of 'label number 0 .*…', .*, … \(65536 in all\), found 'label/)
  t.regex(message, /did you mean 'label number 7 with more text behind it, up to some length'\?$/)
  told(t, () => table.push({ side: 'x'.repeat(1e7) }))
  told(t, () => oneOf(...labels, 'one more'))
})

test('types with many labels read short, and differences are still told', (t) => {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  store.table('t', { side: oneOf(...labels) })
  store.array('a', oneOf(...labels))
  t.true(JSON.stringify(store.info()).length < 10_000)
  const others = [...labels]
  others[40_000] = 'another'
  const hidden = /label 40000 is 'label number 40000 .*' in the first and 'another' in the second(;|$)/
  t.regex(
    told(t, () => store.table('t', { side: oneOf(...others) })),
    hidden,
  )
  t.regex(
    told(t, () => store.array('a', oneOf(...others))),
    hidden,
  )
  t.is(`${oneOf('buy', 'sell')}`, "oneOf('buy', 'sell')")
})

test('a huge bigint, a long string and a long name are cut', (t) => {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  const table = store.table('t', { n: u8, sym: symbol, text: utf8 })
  const row = { n: 1, sym: 'a', text: 'b' }
  t.regex(
    told(t, () => table.push({ ...row, n: 2n ** 4_000_000n } as never)),
    /found a bigint of more than 128 bits$/,
  )
  t.regex(
    told(t, () => table.push({ ...row, n: -(2n ** 64n) } as never)),
    /found -18446744073709551616n \(a bigint\)$/,
  )
  told(t, () => table.push({ ...row, ['x'.repeat(1e7)]: 1 } as never))
  told(t, () => table.push({ ...row, sym: `${'x'.repeat(1e7)}\ud800` }))
  told(t, () => table.push({ ...row, text: `${'x'.repeat(1e7)}\ud800` }))
  t.is(table.length, 0)
})
