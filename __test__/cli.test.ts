// Goal: whoever types `stoa` wrongly is told how it is right, a shell gets the exit codes that it expects, and a closed
// pipe is no failure.
// Method: the built program as a child process, on a store of two tables.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { f64, open, utf8 } from '../src/index.ts'
import { run } from './support/child.ts'
import { done, failing, json, program, stoa } from './support/cli.ts'
import { directory } from './support/directory.ts'
import { needing } from './support/needs.ts'

const NAMES = ['info', 'head', 'schema', 'stats', 'import', 'export', 'follow', 'plot', 'verify', 'backup', 'compact']

function folderWithStore(t: ExecutionContext, rows = 3): string {
  const folder = directory(t)
  const store = open(join(folder, 'two.stoa'))
  const prices = store.table('prices', { price: f64, note: utf8 })
  for (let row = 0; row < rows; row++) prices.push({ price: row / 2, note: `note ${row}` })
  store.table('places', { name: utf8 })
  store.close()
  return folder
}

test('the help names every command, and each command has its own help with an example of it', async (t) => {
  const folder = directory(t)
  const help = await done(t, folder, '--help')
  t.is(await done(t, folder, 'help'), help)
  t.is(await done(t, folder, '-h'), help)
  await Promise.all(
    NAMES.map(async (name) => {
      t.regex(help, new RegExp(`^  ${name} `, 'm'))
      const about = await done(t, folder, name, '--help')
      t.is(await done(t, folder, 'help', name), about)
      t.regex(about, new RegExp(`^Usage: stoa ${name} `, 'm'))
      t.regex(about, new RegExp(`^  stoa ${name} `, 'm'))
    }),
  )
})

test('without a command the help goes to the standard error, with the exit code of wrong usage', async (t) => {
  const { code, stdout, stderr } = await stoa(directory(t))
  t.deepEqual([code, stdout], [2, ''])
  t.regex(stderr, /Usage: stoa COMMAND/)
})

test('the version is that of the package', async (t) => {
  t.regex(await done(t, directory(t), '--version'), /^\d+\.\d+\.\d+\n$/)
})

const wrong: Readonly<Record<string, [args: string[], message: RegExp]>> = {
  'a misspelt command': [['haed', 'two.stoa'], /there is no command 'haed'; did you mean 'head'\?/],
  'a command that there is not': [['frobnicate'], /there are: info, head/],
  'an option before the command': [['--rows', 'head'], /the command comes before its options/],
  'a misspelt option': [['head', 'two.stoa', '--tabel', 'x'], /has no option '--tabel'; did you mean --table\?/],
  'an option of another command': [['info', 'two.stoa', '--svg', 'x'], /stoa info has no option '--svg'/],
  'a missing argument': [['export', 'two.stoa'], /FILE is missing: stoa export STORE FILE/],
  'an argument too many': [['head', 'two.stoa', 'prices'], /'prices' is one argument too many/],
  'an option without its value': [['head', 'two.stoa', '--table', '-n', '1'], /--table needs a value: --table NAME/],
  'a switch with a value': [['head', 'two.stoa', '--json=yes'], /--json takes no value, found 'yes'/],
  'an option given twice': [['head', 'two.stoa', '-n', '1', '-n', '2'], /--rows is given twice/],
  'a number that is none': [['head', 'two.stoa', '--rows', '1.5'], /--rows takes a whole number from 0, found '1.5'/],
  'several tables and none named': [
    ['head', 'two.stoa'],
    /holds 2 tables \('prices', 'places'\); name one with --table/,
  ],
  'a file of unknown format': [
    ['export', 'two.stoa', 'out.xls', '-t', 'prices'],
    /cannot tell the format .*--format csv/,
  ],
  'a format that there is not': [['export', 'two.stoa', 'x', '-f', 'parket'], /did you mean 'parquet'\?/],
  'JSON that is no table': [['import', 'two.json', 'two.stoa'], /ndjson/],
}
for (const [title, [args, message]] of Object.entries(wrong)) {
  test(`wrong usage is told with exit code 2: ${title}`, async (t) => {
    const folder = folderWithStore(t)
    const told = await failing(t, 2, folder, ...args)
    t.regex(told, message)
    t.regex(told, /^Run 'stoa [a-z ]*--help' for help.$/m)
  })
}

const failed: Readonly<Record<string, [args: string[], message: RegExp, code: string]>> = {
  'a store that there is not': [['info', 'no.stoa'], /cannot open '.*no.stoa'/, 'ERR_STOA_NOT_FOUND'],
  'a file that is no store': [['info', program], /is no store|not a store/, 'ERR_STOA_FORMAT'],
  'a misspelt table': [
    ['head', 'two.stoa', '-t', 'price'],
    /array 'price' in '[^']*'; did you mean 'prices'\?/,
    'ERR_STOA_NOT_FOUND',
  ],
  'a misspelt column': [
    ['head', 'two.stoa', '-t', 'prices', '-c', 'pirce'],
    /no column 'pirce' in table 'prices'; did you mean 'price'\?/,
    'ERR_STOA_NOT_FOUND',
  ],
  'a file to import that there is not': [['import', 'no.csv', 'new.stoa'], /no such file/, 'ERR_STOA_NOT_FOUND'],
}
for (const [title, [args, message, code]] of Object.entries(failed)) {
  test(`a failure is told with exit code 1, and its code with --json: ${title}`, async (t) => {
    const folder = folderWithStore(t)
    t.regex(await failing(t, 1, folder, ...args), message)
    const told = JSON.parse(await failing(t, 1, folder, ...args, '--json'))
    t.is(told.error.code, code)
    t.regex(told.error.message, message)
  })
}

test('wrong usage is JSON, too, when JSON is asked for', async (t) => {
  const told = JSON.parse(await failing(t, 2, directory(t), 'haed', '--json'))
  t.is(told.error.code, 'ERR_USAGE')
})

test('a pipe that is closed ends a command quietly', async (t) => {
  const folder = folderWithStore(t, 50_000)
  const rows = `"$0" "$1" head two.stoa -t prices -n 50000`
  for (const command of [rows, `${rows} --json`, `"$0" "$1" export two.stoa - -t prices -f csv`]) {
    const shell = `{ ${command}; echo $? >&2; } | head -n 1`
    const { stdout, stderr } = await run('sh', ['-c', shell, process.execPath, program], {}, folder)
    t.is(stdout.split('\n').length, 2, command)
    t.is(stderr, '0\n', command)
  }
})

needing('/dev/full', existsSync('/dev/full'))(
  'a disk that takes no more of the output is told, and is a failure',
  async (t) => {
    const folder = folderWithStore(t)
    const command = `"$0" "$1" head two.stoa -t prices > /dev/full`
    const { code, stderr } = await run('sh', ['-c', command, process.execPath, program], {}, folder)
    t.is(code, 1)
    t.is(stderr, "stoa: cannot write 'the output': no space left on the device\n")
  },
)

test('a store that another process writes to can be looked at, and is not written to by compact', async (t) => {
  const folder = directory(t)
  const store = open(join(folder, 'busy.stoa'))
  t.teardown(() => store.close())
  store.table('t', { a: f64 }).append({ a: [1, 2, 3] })
  store.commitSync()
  for (const args of [
    ['info'],
    ['head'],
    ['schema'],
    ['stats'],
    ['verify'],
    ['plot', '-x', 'a'],
    ['follow', '-n', '3'],
  ]) {
    const [command = '', ...rest] = args
    t.not(await done(t, folder, command, 'busy.stoa', ...rest), '')
  }
  await done(t, folder, 'backup', 'busy.stoa', 'copy.stoa')
  await done(t, folder, 'export', 'busy.stoa', 'busy.ndjson')
  t.regex(await failing(t, 1, folder, 'compact', 'busy.stoa'), /holds? its lock|has its lock|lock/)
  t.is((await json(t, folder, 'info', 'copy.stoa')).tables[0].length, 3)
})

test('a store of newer data than any program here can be looked at, and keeps its version', async (t) => {
  const folder = directory(t)
  const store = open(join(folder, 'v.stoa'), { version: 7 })
  store.table('t', { a: f64 }).push({ a: 1 })
  store.close()
  t.is((await json(t, folder, 'info', 'v.stoa')).version, 7)
  await done(t, folder, 'export', 'v.stoa', 't.ndjson')
  await done(t, folder, 'import', 't.ndjson', 'v.stoa', '--type', 'a=f64')
  await done(t, folder, 'compact', 'v.stoa')
  const { version, tables } = await json(t, folder, 'info', 'v.stoa')
  t.deepEqual([version, tables[0].length], [7, 2])
})

test('a missing native part is told without a stack', async (t) => {
  const env = { NAPI_RS_NATIVE_LIBRARY_PATH: '/nowhere/stoa.node' }
  const { code, stderr } = await run(process.execPath, [program, '--help'], env, directory(t))
  t.is(code, 1)
  t.notRegex(stderr, /^\s+at /m)
})

const ESCAPE = '\u001b'

/** In a terminal of 80 columns. */
function inTerminal(folder: string, command: string, env: NodeJS.ProcessEnv = {}): Promise<{ stdout: string }> {
  const sized = `stty cols 80 rows 24; ${command}`
  // In continuous integration Node takes a terminal for one without colours.
  const plain = { TERM: 'xterm-256color', CI: undefined, NO_COLOR: undefined, ...env }
  return run('script', ['-qec', sized, '/dev/null'], plain, folder)
}
const hasScript = spawnSync('script', ['--version']).status === 0
const terminal = needing('script (util-linux)', hasScript)
const node = `'${process.execPath}' '${program}'`

terminal('in a terminal lines are no longer than it is wide, and names are bold unless NO_COLOR is set', async (t) => {
  const folder = directory(t)
  const store = open(join(folder, 'wide.stoa'))
  const columns = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`column ${at}`, utf8]))
  store.table('t', columns).push(Object.fromEntries(Object.keys(columns).map((name) => [name, 'x'.repeat(50)])))
  store.close()
  const { stdout } = await inTerminal(folder, `${node} head wide.stoa`)
  t.true(stdout.includes(`${ESCAPE}[1m`))
  t.regex(stdout, /more columns \(--columns\)/)
  const plain = (await inTerminal(folder, `${node} head wide.stoa`, { NO_COLOR: '1' })).stdout
  t.false(plain.includes(ESCAPE))
  for (const line of plain.split('\r\n').slice(0, 2)) t.true(line.length <= 80, line)
})

terminal('an import shows a bar in a terminal, takes it away, and shows none elsewhere', async (t) => {
  const folder = directory(t)
  const store = open(join(folder, 's.stoa'))
  store.table('t', { a: f64 }).append({ a: new Float64Array(300_000) })
  store.close()
  await done(t, folder, 'export', 's.stoa', 't.ndjson')
  const { stdout } = await inTerminal(folder, `${node} import t.ndjson new.stoa`)
  const lines = stdout.split(`\r${ESCAPE}[K`)
  t.true(
    lines.some((line) => /^importing t\.ndjson  [█▏▎▍▌▋▊▉░]{30} +\d+ %  [\d,]+ rows/.test(line)),
    stdout,
  )
  t.regex(lines.at(-1) ?? '', /^300,000 rows in /)
  t.is((await stoa(folder, 'import', 't.ndjson', 'other.stoa')).stderr, '')
})

terminal('raw text of a file never goes to a terminal', async (t) => {
  const folder = folderWithStore(t)
  const { stdout } = await inTerminal(folder, `${node} export two.stoa - -t prices -f csv`)
  t.regex(stdout, /the standard output is a terminal/)
})
