// Goal: what a file says of its tables is checked before it is believed.
// Method: write other metadata through the native store, open, expect CORRUPT or VERSION and an unchanged file.
import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { NativeStore } from '../index.cjs'
import { f64, open, symbol, u32 } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

interface Metadata {
  format: unknown
  tables: { name: unknown; columns: { name: unknown; type: unknown; regions: Record<string, unknown> }[] }[]
  arrays: { name: unknown; type: unknown; regions: Record<string, unknown> }[]
}

function storeWith(
  t: ExecutionContext,
  change: (metadata: Metadata) => unknown,
  more?: (native: NativeStore) => void,
): string {
  const path = storePath(t)
  const store = open(path)
  store.table('trades', { price: f64, sym: symbol }).append({ price: [1, 2], sym: ['A', 'B'] })
  store.array('w', u32).push(1)
  store.close()
  const native = NativeStore.open(path, {})
  const metadata = JSON.parse(Buffer.from(native.metadata()).toString()) as Metadata
  const changed = change(metadata) ?? metadata
  native.setMetadata(
    changed instanceof Uint8Array
      ? changed
      : Buffer.from(typeof changed === 'string' ? changed : JSON.stringify(changed)),
  )
  more?.(native)
  native.close(false)
  return path
}

test('the metadata is the documented JSON', (t) => {
  storeWith(t, (metadata) => {
    t.deepEqual(metadata as unknown, {
      format: 1,
      tables: [
        {
          name: 'trades',
          columns: [
            { name: 'price', type: 'f64', regions: { data: 'trades\0price\0data' } },
            { name: 'sym', type: 'symbol', regions: { data: 'trades\0sym\0data', labels: 'trades\0sym\0labels' } },
          ],
        },
      ],
      arrays: [{ name: 'w', type: 'u32', regions: { data: 'w\0\0data' } }],
    })
  })
})

const column = (metadata: Metadata, place = 0): Metadata['tables'][0]['columns'][0] =>
  metadata.tables[0]?.columns[place] as Metadata['tables'][0]['columns'][0]

const changes: Record<string, (metadata: Metadata) => unknown> = {
  'no JSON': () => '{"format":1',
  'no UTF-8': () => Uint8Array.of(0xff, 0xfe),
  'a number': () => '5',
  null: () => 'null',
  'a list': () => '[]',
  'no format': (metadata) => ({ ...metadata, format: undefined }),
  'format 0': (metadata) => ({ ...metadata, format: 0 }),
  'no tables': (metadata) => ({ ...metadata, tables: undefined }),
  'tables that are no list': (metadata) => ({ ...metadata, tables: { length: 1 } }),
  'a table that is null': (metadata) => ({ ...metadata, tables: [null] }),
  'a table without columns': (metadata) => ({ ...metadata, tables: [{ name: 'x', columns: [] }] }),
  'a table without a name': (metadata) => void delete (metadata.tables[0] as { name?: unknown }).name,
  'a name that is a number': (metadata) => void ((metadata.tables[0] as { name: unknown }).name = 5),
  'a name that is empty': (metadata) => void (column(metadata).name = ''),
  'a name with NUL': (metadata) => void (column(metadata).name = 'a\0b'),
  'a name that is too long': (metadata) => void (column(metadata).name = 'x'.repeat(256)),
  'two columns of one name': (metadata) => void (column(metadata).name = 'sym'),
  'a table and an array of one name': (metadata) => void ((metadata.arrays[0] as { name: unknown }).name = 'trades'),
  'an unknown type': (metadata) => void (column(metadata).type = 'f128'),
  'a type that is inherited': (metadata) => void (column(metadata).type = 'constructor'),
  'a type that is null': (metadata) => void (column(metadata).type = null),
  'a unit that is unknown': (metadata) => void (column(metadata).type = { name: 'timestamp64', unit: 'min' }),
  'labels that are twice': (metadata) => void (column(metadata).type = { name: 'oneOf', labels: ['a', 'a'] }),
  'labels that are numbers': (metadata) => void (column(metadata).type = { name: 'oneOf', labels: [1] }),
  'a type that does not fit its region': (metadata) => void (column(metadata).type = 'f32'),
  'a region that does not exist': (metadata) => void (column(metadata).regions['data'] = 'no\0such\0data'),
  'a region that is used twice': (metadata) => void (column(metadata).regions['data'] = 'w\0\0data'),
  'no regions': (metadata) => void delete (column(metadata) as { regions?: unknown }).regions,
  'no labels': (metadata) => void delete column(metadata, 1).regions['labels'],
}

for (const [what, change] of Object.entries(changes)) {
  test(`metadata with ${what} is CORRUPT, and the file stays as it is`, (t) => {
    const path = storeWith(t, change)
    const before = readFileSync(path)
    const error = throwsCode(t, () => open(path), 'ERR_STOA_CORRUPT')
    t.true(error.message.startsWith(`the metadata of '${path}' cannot be read: `), error.message)
    t.true(readFileSync(path).equals(before))
  })
}

test('metadata of a later version is VERSION', (t) => {
  const path = storeWith(t, (metadata) => ({ ...metadata, format: 2 }))
  t.regex(throwsCode(t, () => open(path), 'ERR_STOA_VERSION').message, /version 2, this build reads up to 1/)
})

test('a table has the rows of its shortest column', (t) => {
  const path = storeWith(
    t,
    () => undefined,
    (native) => {
      native.setLengths(Float64Array.of(native.regionId('trades\0sym\0data') as number, 1))
    },
  )
  const store = open(path)
  const table = store.table('trades')
  t.is(table.length, 1)
  t.is([...table].length, 1)
  store.commitSync()
  store.close()
  const again = open(path)
  for (const column of Object.values(again.table('trades').columns)) t.is(column.length, 1)
  again.close()
})

test('a key that reaches for a prototype pollutes nothing', (t) => {
  const path = storeWith(t, (metadata) => JSON.stringify(metadata).replace('{', '{"__proto__":{"polluted":true},'))
  const store = open(path)
  t.is(store.table('trades').length, 2)
  t.false('polluted' in {})
  store.close()
})

const labels: Record<string, number[]> = {
  'a length that is cut off': [0x80],
  'a length past the end': [5, 65],
  'a length without end': [0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  'bytes that are no UTF-8': [1, 0xff],
  'the same label twice': [1, 65, 1, 65],
}

for (const [what, bytes] of Object.entries(labels)) {
  test(`labels with ${what} are CORRUPT when they are needed`, (t) => {
    const path = storeWith(
      t,
      () => undefined,
      (native) => {
        const id = native.regionId('trades\0sym\0labels') as number
        new Uint8Array(native.window(id, 2 ** 32)).set(bytes)
        native.setLengths(Float64Array.of(id, bytes.length))
      },
    )
    const store = open(path)
    const table = store.table('trades')
    t.is(table.columns['price']?.at(0), 1)
    const error = throwsCode(t, () => table.at(0), 'ERR_STOA_CORRUPT')
    t.regex(error.message, /^the labels of column 'sym' of table 'trades' in/)
    throwsCode(t, () => table.push({ price: 1, sym: 'A' }), 'ERR_STOA_CORRUPT')
    throwsCode(t, () => table.columns['sym']?.labels, 'ERR_STOA_CORRUPT')
    t.is(table.length, 2)
    store.close({ discard: true })
  })
}
