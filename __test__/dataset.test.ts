// Goal: a folder of stores is one table whose rows lie where their partition columns say, and nothing is lost on the way.
// Method: rows and columns appended to datasets of text, numbers and nulls, then read back in full, by partition, and by
// the stores alone.
import { cpSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { bool, f64, i64, nullable, oneOf, open, symbol, timestamp, u8, utf8, vector } from '../src/index.ts'
import { type Dataset, type DatasetOptions, openDataset } from '../src/interop/dataset.ts'
import { directory } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'
import { Random } from './support/seed.ts'

const columns = { day: utf8, hour: u8, sym: symbol, price: f64 }

function newDataset(t: ExecutionContext, folder = directory(t)): Dataset<typeof columns, 'day' | 'hour'> {
  const dataset = openDataset(folder, { columns, partitionBy: ['day', 'hour'] })
  t.teardown(() => dataset.close())
  return dataset
}

const rows = [
  { day: '2026-11-22', hour: 9, sym: 'ACME', price: 1 },
  { day: '2026-11-23', hour: 9, sym: 'STOA', price: 2 },
  { day: '2026-11-22', hour: 10, sym: 'ACME', price: 3 },
  { day: '2026-11-22', hour: 9, sym: 'STOA', price: 4 },
]

test('rows go to the stores of their folders, and are read back from all', async (t) => {
  const folder = directory(t)
  const dataset = newDataset(t, folder)
  t.is(dataset.length, 0)
  t.is(dataset.append(rows), 4)
  await dataset.commit()
  t.deepEqual(readdirSync(folder), ['day=2026-11-22', 'day=2026-11-23'])
  t.deepEqual(readdirSync(join(folder, 'day=2026-11-22')).toSorted(), ['hour=10', 'hour=9'])
  dataset.close()
  const again = newDataset(t, folder)
  t.is(again.length, 4)
  t.deepEqual([...again.rows()], [rows[2], rows[0], rows[3], rows[1]])
  t.deepEqual([...again.rows({ day: '2026-11-22', hour: 9 })], [rows[0], rows[3]])
  t.is(again.count(), 4)
  t.is(again.count({ sym: 'ACME' }), 2)
  t.is(again.count({ day: '2026-11-22', price: { gt: 1 } }), 2)
  const sums = again.partitions({ hour: 9 }).map(({ values, table }) => [values.day, table.sum('price')])
  t.deepEqual(sums, [
    ['2026-11-22', 5],
    ['2026-11-23', 2],
  ])
  again.close()
  const alone = open(join(folder, 'day=2026-11-22', 'hour=9', 'part-0.stoa'))
  t.deepEqual(
    [...alone.table('data')],
    [
      { sym: 'ACME', price: 1 },
      { sym: 'STOA', price: 4 },
    ],
  )
  alone.close()
})

test('columns are routed as rows are', (t) => {
  const schema = { day: oneOf('mon', 'tue'), price: f64, place: vector(f64, 2), note: nullable(utf8) }
  const dataset = openDataset(directory(t), { columns: schema, partitionBy: ['day'], table: 'prices' })
  t.teardown(() => dataset.close())
  dataset.append({
    day: ['tue', 'mon', 'tue'],
    price: Float64Array.of(1, 2, 3),
    place: Float64Array.of(1, 1, 2, 2, 3, 3),
  })
  t.deepEqual(
    [...dataset.rows()].map(({ day, price, place, note }) => [day, price, [...place], note]),
    [
      ['mon', 2, [2, 2], null],
      ['tue', 1, [1, 1], null],
      ['tue', 3, [3, 3], null],
    ],
  )
  t.deepEqual(
    dataset.partitions().map(({ store }) => store.tables()),
    [['prices'], ['prices']],
  )
})

test('values of all kinds name folders and come back', (t) => {
  const random = Random.of(t)
  const names = ['', '.', '..', 'a/b', 'a=b', '%2F', 'é😀', 'NUL\u0001', "it's", '~', 'x'.repeat(40), ' ']
  const schema = { text: nullable(utf8), big: i64, ok: bool, n: f64 }
  const dataset = openDataset(directory(t), { columns: schema, partitionBy: ['text', 'big', 'ok'] })
  t.teardown(() => dataset.close())
  const given = Array.from({ length: 40 }, (_, n) => ({
    text: n % 7 === 3 ? null : (names[random.below(names.length)] as string),
    big: n % 2 === 0 ? -(2n ** 63n) : 5n,
    ok: random.below(2) === 1,
    n,
  }))
  dataset.append(given)
  t.deepEqual(
    [...dataset.rows()].toSorted((a, b) => a.n - b.n),
    given,
  )
  for (const row of given) {
    const found = [...dataset.rows({ text: row.text, big: row.big, ok: row.ok })]
    t.true(found.some(({ n }) => n === row.n))
  }
})

test('files that others add are seen, and rows go to the last one', (t) => {
  const folder = directory(t)
  const dataset = newDataset(t, folder)
  dataset.append(rows.slice(0, 1))
  dataset.close()
  const partition = join(folder, 'day=2026-11-22', 'hour=9')
  cpSync(join(partition, 'part-0.stoa'), join(partition, 'part-1.stoa'))
  writeFileSync(join(partition, 'notes.txt'), 'no store')
  mkdirSync(join(folder, '_temporary'))
  const again = newDataset(t, folder)
  t.is(again.length, 2)
  again.append(rows.slice(3))
  t.deepEqual(
    again.partitions().map(({ table }) => table.length),
    [1, 2],
  )
})

test('what fails is taken back in all partitions', (t) => {
  const dataset = newDataset(t)
  dataset.append(rows)
  const wrong = [...rows, { day: '2026-11-23', hour: 9, sym: 'X', price: '5' }]
  t.throws(() => dataset.append(wrong as never), { message: /'price' .* takes a number, found '5'/ })
  const missing = [{ hour: 1, sym: 'X', price: 5 }]
  t.throws(() => dataset.append(missing as never), { message: /a row has no 'day', by which the dataset is/ })
  t.throws(() => dataset.append([{ ...rows[0], hour: 256 }] as never), { message: /'hour' .* is u8, found 256/ })
  t.throws(() => dataset.append({ day: ['a'], hour: [1, 2], sym: ['x'], price: [1] }), { message: /unequal length/ })
  const codes = { day: ['a'], hour: [1], sym: Uint32Array.of(0), price: [1] }
  t.throws(() => dataset.append(codes), { message: /column 'sym' takes strings in a dataset, found codes/ })
  t.deepEqual(
    dataset.partitions().map(({ table }) => table.length),
    [1, 2, 1],
  )
  t.throws(() => dataset.partitions({ dya: 'x' } as never), {
    message: /not partitioned by 'dya'; did you mean 'day'\?/,
  })
})

test('options that make no dataset are told', (t) => {
  const folder = directory(t)
  const attempt = (options: unknown) => () => openDataset(folder, options as DatasetOptions<typeof columns, 'day'>)
  t.throws(attempt({ columns, partitionBy: [] }), { message: /'partitionBy' must be a list of columns/ })
  t.throws(attempt({ columns, partitionBy: ['dayy'] }), {
    message: /names 'dayy' \(a string\), which is no column; did you/,
  })
  t.throws(attempt({ columns: { at: timestamp, n: f64 }, partitionBy: ['at'] }), {
    message: /cannot be names of folders/,
  })
  t.throws(attempt({ columns: { day: utf8 }, partitionBy: ['day'] }), { message: /needs a column that it is not part/ })
  t.throws(attempt({ columns, partitonBy: ['day'] }), { message: /no option 'partitonBy'; did you mean 'partitionBy'/ })
})

test('folders and files of another shape, and closed datasets, are errors with a code', (t) => {
  const folder = directory(t)
  const dataset = newDataset(t, folder)
  dataset.append(rows.slice(0, 1))
  dataset.close()
  dataset.close()
  throwsCode(t, () => dataset.length, 'ERR_STOA_CLOSED')
  throwsCode(t, () => dataset.append(rows), 'ERR_STOA_CLOSED')
  const other = openDataset(folder, { columns: { ...columns, more: f64 }, partitionBy: ['day', 'hour'] })
  throwsCode(t, () => other.length, 'ERR_STOA_SCHEMA')
  other.close()
  mkdirSync(join(folder, 'day=2026-11-22', 'hour=late'))
  throwsCode(t, () => newDataset(t, folder).length, 'ERR_STOA_FORMAT')
  rmdirSync(join(folder, 'day=2026-11-22', 'hour=late'))
  const holder = open(join(folder, 'day=2026-11-22', 'hour=9', 'part-0.stoa'))
  throwsCode(t, () => newDataset(t, folder).partitions({ hour: 9 }), 'ERR_STOA_LOCKED')
  t.deepEqual(newDataset(t, folder).partitions({ hour: 10 }), [])
  holder.close()
})
