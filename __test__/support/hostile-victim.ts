// Opens hostile files in every way, reads and changes all that they show, and tells what was thrown. For each line
// `FILE NEXT` it takes FILE, and NEXT for what the file becomes while a reader has it open.
import { copyFileSync, openSync, readFileSync, closeSync, rmSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import {
  type Column,
  f32,
  f64,
  open,
  type OpenOptions,
  StoaError,
  type Store,
  type Table,
  vector,
} from '../../src/index.ts'

const ROWS_LOOKED_AT = 3000
const numeric = new Set([
  'i8',
  'i16',
  'i32',
  'i64',
  'u8',
  'u16',
  'u32',
  'u64',
  'f16',
  'f32',
  'f64',
  'timestamp',
  'timestamp64',
])
const ordered = new Set([...numeric, 'symbol', 'oneOf', 'utf8', 'bool'])

let outcomes: Record<string, number> = {}
let faults: string[] = []
/** What was said, without names and numbers. */
let messages: string[] = []
/** What each way of opening said. */
let opens: Record<string, string> = {}

/** A value, or a StoaError; anything else is a fault. */
function attempt<T>(what: string, call: () => T): T | undefined {
  try {
    const value = call()
    outcomes['a value'] = (outcomes['a value'] ?? 0) + 1
    return value
  } catch (error) {
    caught(what, error)
    return undefined
  }
}

function caught(what: string, error: unknown): void {
  const code = error instanceof StoaError ? error.code : String((error as Error).name)
  outcomes[code] = (outcomes[code] ?? 0) + 1
  messages.push(String((error as Error).message).replaceAll(/'[^']*'|\d+/g, '…'))
  if (!(error instanceof StoaError) || code === 'ERR_STOA_INTERNAL') {
    faults.push(
      `${what}: ${String((error as Error).stack ?? error)
        .split('\n')
        .slice(0, 6)
        .join(' | ')}`,
    )
  }
}

function typeOf(column: Column): string {
  const type = column.type as unknown as { name: string; type?: { name: string } }
  return type.name === 'nullable' ? (type.type?.name ?? '') : type.name
}

function lookAtColumn(where: string, column: Column): void {
  const name = typeOf(column)
  const isNullable = (column.type as unknown as { name: string }).name === 'nullable'
  const first = attempt(`${where} at`, () => column.at(0))
  attempt(`${where} at the end`, () => column.at(-1))
  attempt(`${where} values`, () => {
    let rows = 0
    for (const _ of column) if (++rows > ROWS_LOOKED_AT) break
  })
  if (name !== 'utf8') {
    attempt(`${where} data`, () => {
      let sum = 0
      for (const value of column.data as Iterable<number | bigint>) sum += Number(value)
      return sum
    })
    attempt(`${where} chunks`, () => [...column.chunks(2 ** 16)].length)
  }
  if (isNullable) {
    attempt(`${where} nullCount`, () => [column.nullCount, column.validity.length])
    if (column.length > 0) attempt(`${where} isNull`, () => column.isNull(column.length - 1))
  }
  if (name === 'symbol' || name === 'oneOf') {
    const labels = attempt(`${where} labels`, () => column.labels)
    attempt(`${where} codeOf`, () => column.codeOf(labels?.[0] ?? 'none'))
  }
  if (numeric.has(name)) attempt(`${where} aggregates`, () => [column.sum(), column.minMax(), column.mean()])
  if (first !== undefined && name !== 'vector' && name !== 'bytes') {
    attempt(`${where} count`, () => [column.count(first as never), column.indexOf(first as never)])
  }
}

function lookAtTable(where: string, table: Table): void {
  attempt(`${where} rows`, () => [...table.rows(0, ROWS_LOOKED_AT)].length)
  attempt(`${where} cursor`, () => {
    let rows = 0
    for (const _ of table.cursor()) if (++rows > ROWS_LOOKED_AT) break
  })
  attempt(`${where} arrays`, () => Object.values(table.arrays).length)
  for (const [name, column] of Object.entries(table.columns)) {
    const at = `${where}.${name.slice(0, 20)}`
    lookAtColumn(at, column)
    if (!ordered.has(typeOf(column))) continue
    attempt(`${at} argsort`, () => table.argsort(name as never).length)
    const value = attempt(`${at} at`, () => column.at(table.length >> 1))
    if (value === undefined || value === null) continue
    attempt(`${at} lowerBound`, () => table.lowerBound(name, value as never))
    attempt(`${at} where`, () => table.where({ [name]: { gte: value } } as never).length)
  }
}

function look(where: string, store: Store): void {
  attempt(`${where} info`, () => store.info())
  for (const name of attempt(`${where} tables`, () => store.tables()) ?? []) {
    const table = attempt(`${where} table`, () => store.table(name))
    if (table !== undefined) lookAtTable(`${where} ${name.slice(0, 20)}`, table)
  }
  for (const name of attempt(`${where} arrays`, () => store.arrays()) ?? []) {
    const array = attempt(`${where} array`, () => store.array(name, vector(f32, 2)))
    if (array !== undefined) attempt(`${where} array ${name}`, () => [...array].length)
  }
}

function change(where: string, store: Store): void {
  for (const name of attempt(`${where} tables`, () => store.tables()) ?? []) {
    const table = attempt(`${where} table`, () => store.table(name))
    if (table === undefined) continue
    const at = `${where} ${name.slice(0, 20)}`
    const row = attempt(`${at} at`, () => table.at(0))
    if (row !== undefined) {
      attempt(`${at} push`, () => table.push(row as never))
      attempt(`${at} append`, () => table.append([row, row] as never))
      attempt(`${at} set`, () => table.set(0, row as never))
      attempt(`${at} insert`, () => table.insert(0, row as never))
    }
    if (table.length > 1) attempt(`${at} remove`, () => (table.remove(0), table.swapRemove(0)))
    const [first] = Object.keys(table.columns)
    if (first !== undefined && ordered.has(typeOf(table.columns[first] as Column)))
      attempt(`${at} sortBy`, () => table.sortBy(first))
    attempt(`${at} addColumn`, () => table.addColumn('added later', f64, 1))
    attempt(`${at} renameColumn`, () => table.renameColumn('added later', 'renamed'))
    attempt(`${at} truncate`, () => table.truncate(table.length >> 1))
    attempt(`${at} shrink`, () => table.shrink())
  }
  attempt(`${where} create`, () => store.table('made now', { x: f64 }).push({ x: 1 }))
}

function opened(where: string, path: string, options: OpenOptions): Store | undefined {
  try {
    const store = open(path, { create: false, reserve: 2 ** 28, ...options })
    opens[where] = 'opened'
    return store
  } catch (error) {
    opens[where] = String((error as { code?: string }).code)
    caught(`${where} open`, error)
    return undefined
  }
}

function closing(where: string, store: Store | undefined): void {
  if (store !== undefined) attempt(`${where} close`, () => store.close())
}

async function meet(file: string, next: string): Promise<void> {
  const path = `${file}.work`
  copyFileSync(file, path)
  // Read, then read what it becomes under the reader's hands.
  const reader = opened('read', path, { access: 'read' })
  if (reader !== undefined) {
    look('read', reader)
    attempt('read snapshot', () => reader.snapshot(() => reader.tables().length))
    const bytes = readFileSync(next)
    const fd = openSync(path, 'r+')
    writeSync(fd, bytes, 0, bytes.length, 0)
    closeSync(fd)
    attempt('read refresh', () => reader.refresh())
    look('refreshed', reader)
    attempt('refreshed snapshot', () => reader.snapshot(() => reader.tables().length))
    closing('read', reader)
  }
  copyFileSync(file, path)
  const live = opened('live', path, { live: true })
  if (live !== undefined) {
    look('live', live)
    const other = opened('shared', path, { live: true, lock: 'none' })
    change('live', live)
    if (other !== undefined) {
      attempt('shared refresh', () => other.refresh())
      look('shared', other)
      closing('shared', other)
    }
    attempt('live commit', () => live.commitSync())
    closing('live', live)
  }
  copyFileSync(file, path)
  const writer = opened('write', path, {})
  if (writer !== undefined) {
    look('write', writer)
    change('write', writer)
    attempt('write rollback', () => writer.rollback())
    change('again', writer)
    try {
      await writer.commit()
    } catch (error) {
      caught('write commit', error)
    }
    attempt('write transaction', () => writer.transactionSync(() => change('transaction', writer)))
    closing('write', writer)
    // What it made of it opens, and shows something.
    const again = opened('again', path, {})
    if (again !== undefined) look('again', again)
    closing('again', again)
  }
  rmSync(path, { force: true })
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
writeSync(1, 'ready\n')
for (;;) {
  const { value, done } = await lines.next()
  if (done === true) break
  const [file, next] = String(value).split(' ') as [string, string]
  outcomes = {}
  faults = []
  opens = {}
  messages = []
  await meet(file, next)
  const { maxRSS } = process.resourceUsage()
  writeSync(1, `${JSON.stringify({ outcomes, faults, opens, messages, maxRSS })}\n`)
}
