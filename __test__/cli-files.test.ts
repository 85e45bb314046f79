// Goal: `stoa import` and `export` bring rows in and out of every format; what cannot be brought whole leaves the store
// at its last commit, and no file half-written.
// Method: the built program on small files, on broken ones, and interrupted while it waits for more of a pipe.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { f32, f64, open, symbol, timestamp, utf8 } from '../src/index.ts'
import { Child, run } from './support/child.ts'
import { done, failing, json, program, stoa } from './support/cli.ts'
import { directory } from './support/directory.ts'

const CSV = 'ts,sym,price\n2026-01-01,ACME,10.5\n2026-01-02,STOA,\n2026-01-03,ACME,12\n'

function folderWith(t: ExecutionContext, name: string, text: string): string {
  const folder = directory(t)
  writeFileSync(join(folder, name), text)
  return folder
}

test('a file becomes a table of its name in a store that was not there', async (t) => {
  const folder = folderWith(t, 'trades.csv', CSV)
  const told = await done(t, folder, 'import', 'trades.csv', 'market.stoa')
  t.regex(told, /^3 rows in [\d.]+ s: 'trades' of .*market\.stoa has 3\n$/)
  const store = open(join(folder, 'market.stoa'))
  t.teardown(() => store.close())
  t.deepEqual(store.table('trades').at(1), { ts: Date.UTC(2026, 0, 2), sym: 'STOA', price: null })
})

test('a second import appends, and JSON tells how many rows came and how many there are', async (t) => {
  const folder = folderWith(t, 'trades.csv', CSV)
  await done(t, folder, 'import', 'trades.csv', 'market.stoa')
  const told = await json(t, folder, 'import', 'trades.csv', 'market.stoa')
  t.like(told, { table: 'trades', format: 'csv', rows: 3, totalRows: 6 })
})

for (const name of ['out.csv', 'out.tsv', 'out.ndjson', 'out.jsonl', 'out.parquet', 'out.arrow', 'out.arrows']) {
  test(`rows go to ${name} and back`, async (t) => {
    const folder = folderWith(t, 'trades.csv', CSV)
    await done(t, folder, 'import', 'trades.csv', 'market.stoa')
    t.regex(await done(t, folder, 'export', 'market.stoa', name), new RegExp(`^3 rows in .*: .*${name}\n$`))
    await done(t, folder, 'import', name, 'again.stoa', '--table', 'trades')
    const sorted = ['--columns', 'ts,sym,price', '--json']
    t.is(
      await done(t, folder, 'head', 'again.stoa', ...sorted),
      await done(t, folder, 'head', 'market.stoa', ...sorted),
    )
  })
}

test('a column goes to npy and comes back as an array', async (t) => {
  const folder = directory(t)
  const store = open(join(folder, 'a.stoa'))
  store.table('t', { a: f64, b: symbol }).append({ a: [1, 2.5], b: ['x', 'y'] })
  store.close()
  t.regex(await failing(t, 2, folder, 'export', 'a.stoa', 'a.npy'), /npy takes one column, found 2; name it/)
  await done(t, folder, 'export', 'a.stoa', 'a.npy', '-c', 'a')
  await done(t, folder, 'import', 'a.npy', 'b.stoa')
  t.is(await done(t, folder, 'head', 'b.stoa'), '  a\n  1\n2.5\n')
  await done(t, folder, 'export', 'b.stoa', 'again.npy')
  t.deepEqual(readFileSync(join(folder, 'again.npy')), readFileSync(join(folder, 'a.npy')))
  t.regex(await failing(t, 1, folder, 'export', 'b.stoa', 'a.csv'), /only tables can; export it as npy/)
})

test('columns, types, nulls, delimiters and names are those of the options', async (t) => {
  const folder = folderWith(t, 'made.txt', '01;1.5;NA\n02;NA;x,y\n')
  const options = ['--format', 'csv', '--delimiter', ';', '--header', 'zip,part,note', '--null', 'NA']
  const types = ['--type', 'zip=symbol', '--type', 'part=nullable(f32)', '--type', "note=nullable(oneOf('x,y'))"]
  t.regex(await failing(t, 1, folder, 'import', 'made.txt', 'a.stoa', ...options, ...types), /line \d+, column 'note'/)
  types[5] = 'note=nullable(utf8)'
  await done(t, folder, 'import', 'made.txt', 'a.stoa', ...options, ...types, '--columns', 'note,zip,part')
  const store = open(join(folder, 'a.stoa'), { access: 'read' })
  t.teardown(() => store.close())
  t.is(`${Object.values(store.table('made').schema).join(' ')}`, 'nullable(utf8) symbol nullable(f32)')
  t.deepEqual(store.table('made').at(1), { note: 'x,y', zip: '02', part: null })
  const out = ['export', 'a.stoa', '-', '-f', 'csv', '--no-header', '--null', '-', '--delimiter', '|']
  t.is(await done(t, folder, ...out, '-c', 'zip,part,note'), '01|1.5|-\n02|-|x,y\n')
  t.regex(await failing(t, 2, folder, 'import', 'made.txt', 'b.stoa', '-f', 'csv', '--type', 'zip=text'), /'text'/)
  t.regex(await failing(t, 2, folder, 'import', 'made.txt', 'b.stoa', '-f', 'npy', '--null', 'x'), /for csv and tsv/)
  t.false(existsSync(join(folder, 'b.stoa')))
})

test('a row that cannot be read leaves nothing of the file, and no store that was made for it', async (t) => {
  const folder = folderWith(t, 'bad.csv', `${CSV}one,too,many,fields\n`)
  t.regex(await failing(t, 1, folder, 'import', 'bad.csv', 'new.stoa'), /line 5 has 4 fields, expected 3/)
  t.false(existsSync(join(folder, 'new.stoa')))
  writeFileSync(join(folder, 'good.csv'), CSV)
  await done(t, folder, 'import', 'good.csv', 'old.stoa')
  await failing(t, 1, folder, 'import', 'bad.csv', 'old.stoa', '--table', 'good')
  await failing(t, 1, folder, 'import', 'bad.csv', 'old.stoa')
  const { tables } = await json(t, folder, 'info', 'old.stoa')
  t.deepEqual(
    tables.map(({ name, length }: any) => [name, length]),
    [['good', 3]],
  )
})

test('rows that were committed on the way stay, and the failure says how many', async (t) => {
  const good = Array.from({ length: 200_000 }, (_, row) => `${row},text of row ${row}\n`).join('')
  const folder = folderWith(t, 'bad.csv', `a,b\n${good}1\n`)
  const told = await failing(t, 1, folder, 'import', 'bad.csv', 'new.stoa', '--commit-every', '10000')
  t.regex(told, /line 200002 has 1 fields.*; the first [\d,]+ rows of '.*bad\.csv' were committed and stay/)
  const { tables } = await json(t, folder, 'info', 'new.stoa')
  const rows = Number(/first ([\d,]+) rows/.exec(told)?.[1]?.replaceAll(',', ''))
  t.true(rows >= 10_000)
  t.is(tables[0].length, rows)
})

test('a store that another has open is not imported into, and one that is no store is not touched', async (t) => {
  const folder = folderWith(t, 'trades.csv', CSV)
  const store = open(join(folder, 'busy.stoa'))
  t.teardown(() => store.close())
  t.regex(await failing(t, 1, folder, 'import', 'trades.csv', 'busy.stoa'), /lock/)
  t.true(existsSync(join(folder, 'busy.stoa')))
  await failing(t, 1, folder, 'import', 'trades.csv', 'trades.csv')
  t.is(readFileSync(join(folder, 'trades.csv'), 'utf8'), CSV)
})

test('an export that fails leaves the file from before and nothing beside it', async (t) => {
  const folder = folderWith(t, 'trades.csv', CSV)
  await done(t, folder, 'import', 'trades.csv', 'market.stoa')
  const before = readdirSync(folder).toSorted()
  await failing(t, 1, folder, 'export', 'market.stoa', 'trades.csv', '-c', 'nothing')
  t.regex(await failing(t, 1, folder, 'export', 'market.stoa', 'no/where.csv'), /no such file or folder/)
  t.deepEqual(readdirSync(folder).toSorted(), before)
})

test('the standard output takes rows, also behind what a file holds', async (t) => {
  const folder = folderWith(t, 'trades.csv', CSV)
  await done(t, folder, 'import', 'trades.csv', 'market.stoa')
  t.is(await done(t, folder, 'export', 'market.stoa', '-', '-f', 'csv', '-c', 'sym'), 'sym\nACME\nSTOA\nACME\n')
  writeFileSync(join(folder, 'out'), 'before\n')
  const command = `"$0" "$1" export market.stoa - -f ndjson -c sym >> out`
  t.is((await run('sh', ['-c', command, process.execPath, program], {}, folder)).code, 0)
  t.regex(readFileSync(join(folder, 'out'), 'utf8'), /^before\n\{"sym":"ACME"\}\n/)
  t.regex(await failing(t, 2, folder, 'export', 'market.stoa', '-'), /say the format/)
})

test('the standard input brings rows', async (t) => {
  const folder = folderWith(t, 'trades.csv', CSV)
  const command = `cat trades.csv | "$0" "$1" import - a.stoa -f csv -t trades`
  const { code, stdout, stderr } = await run('sh', ['-c', command, process.execPath, program], {}, folder)
  t.deepEqual([code, stderr], [0, ''])
  t.regex(stdout, /^3 rows in /)
  t.regex(await failing(t, 2, folder, 'import', '-', 'b.stoa', '-f', 'csv'), /name the table/)
  t.regex(await failing(t, 2, folder, 'import', '-', 'b.stoa', '-t', 'trades'), /--format/)
})

/** Starts an import from a pipe, and gives it rows without an end. Resolves when most of them were taken. */
async function halfImported(
  t: ExecutionContext,
  folder: string,
  ...options: string[]
): Promise<{ child: Child; stop: () => Promise<void> }> {
  const pipe = join(folder, 'pipe.ndjson')
  t.is((await run('mkfifo', [pipe])).code, 0)
  const child = new Child(process.execPath, [program, 'import', pipe, join(folder, 'a.stoa'), ...options])
  t.teardown(() => child.kill())
  const writer = await openFile(pipe, 'w')
  const line = `{"a":1,"b":"${'x'.repeat(80)}"}\n`
  // More than the import reads at once, so that it was given rows.
  await writer.writeFile(line.repeat(60_000))
  return { child, stop: () => writer.close() }
}

async function ended(child: Child): Promise<NodeJS.Signals | null> {
  const { process: started } = child
  if (started.exitCode === null && started.signalCode === null) await new Promise((end) => started.once('close', end))
  return started.signalCode
}

test('Ctrl-C takes an import back, says so, and removes a store that was made for it', async (t) => {
  const folder = directory(t)
  const { child, stop } = await halfImported(t, folder)
  child.process.kill('SIGINT')
  t.is(await ended(child), 'SIGINT')
  await stop()
  t.regex(
    child.stderr,
    /^stoa: interrupted: '.*a\.stoa' stays at its last commit; nothing of '.*pipe\.ndjson' is in it\n$/,
  )
  t.false(existsSync(join(folder, 'a.stoa')))
})

test('Ctrl-C leaves the rows that were committed on the way, and says how many', async (t) => {
  const folder = directory(t)
  const { child, stop } = await halfImported(t, folder, '--commit-every', '10000', '--json')
  const reader = open(join(folder, 'a.stoa'), { access: 'read' })
  t.teardown(() => reader.close())
  // It goes on when the first commit is there.
  while (reader.tables().length === 0) {
    await new Promise<void>((commit) => {
      reader.on('commit', () => commit())
      if (reader.refresh()) commit()
    })
  }
  child.process.kill('SIGTERM')
  t.is(await ended(child), 'SIGTERM')
  await stop()
  const { error } = JSON.parse(child.stderr)
  t.is(error.code, 'ERR_INTERRUPTED')
  const rows = Number(/the first ([\d,]+) rows of/.exec(error.message)?.[1]?.replaceAll(',', ''))
  t.true(rows >= 10_000, error.message)
  reader.refresh()
  t.is(reader.table('pipe').length, rows)
})

test('Ctrl-C during an export leaves no half of a file', async (t) => {
  const folder = directory(t)
  const store = open(join(folder, 'a.stoa'))
  const text = Array.from({ length: 100_000 }, (_, row) => `text of row ${row}`)
  const table = store.table('t', { ts: timestamp, part: f32, text: utf8 })
  for (let round = 0; round < 5; round++) {
    table.append({ ts: new Float64Array(100_000), part: new Float32Array(100_000), text })
  }
  store.close()
  const child = new Child(process.execPath, [program, 'export', join(folder, 'a.stoa'), join(folder, 'out.csv')])
  t.teardown(() => child.kill())
  // Half of a file is there from when it is opened until it is complete.
  const isWriting = (): boolean => readdirSync(folder).some((name) => name.endsWith('.partial'))
  while (!isWriting() && child.process.exitCode === null) await new Promise((turn) => setImmediate(turn))
  child.process.kill('SIGINT')
  t.is(await ended(child), 'SIGINT')
  t.regex(child.stderr, /^stoa: interrupted: '.*out\.csv' is as it was\n$/)
  t.deepEqual(readdirSync(folder), ['a.stoa'])
})

test('a library that is missing is named with the command that installs it', async (t) => {
  const folder = folderWith(t, 'trades.csv', CSV)
  const hook = `export async function resolve(name, context, next) {
    if (name === 'papaparse') throw Object.assign(new Error("Cannot find package 'papaparse'"), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(name, context)
  }`
  const register = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hook)}`)})`
  const flag = `--import=data:text/javascript,${encodeURIComponent(register)}`
  const { code, stderr } = await run(process.execPath, [flag, program, 'import', 'trades.csv', 'a.stoa'], {}, folder)
  t.is(code, 1)
  t.regex(stderr, /^stoa: this needs the package 'papaparse', which is not installed; run: npm install papaparse@/)
  t.false(existsSync(join(folder, 'a.stoa')))
  t.is((await stoa(folder, 'info', 'a.stoa')).code, 1)
})
