// Goal: what is in a file never acts on the terminal that shows it, and never takes a command off its way.
// Method: every command over a store whose names and values are escape sequences, line ends, marks that turn text round,
// and names of JavaScript's own; what comes out is looked through for characters that a terminal acts on.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { bool, f64, nullable, oneOf, open, symbol, utf8 } from '../src/index.ts'
import { done, failing, json, stoa } from './support/cli.ts'
import { directory } from './support/directory.ts'

const EVIL = '\u001b]0;owned\u0007\u001b[2J\n\r\t\u009b31m\u202e\u2066\u007f\u2028<b>&"\'`$(id)\\'
// Line ends apart, which are between the lines.
const ACTED_ON = /(?!\n)[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u

function evilStore(t: ExecutionContext): string {
  const folder = directory(t)
  const store = open(join(folder, 'evil.stoa'))
  const columns = { [`text ${EVIL}`]: utf8, [`label ${EVIL}`]: symbol, [`one ${EVIL}`]: nullable(oneOf(EVIL, 'b')) }
  const numbers = { [`x ${EVIL}`]: f64, [`y ${EVIL}`]: f64, ['__proto__']: f64, constructor: bool, 'a,b': f64 }
  const table = store.table(`table ${EVIL}`, { ...columns, ...numbers })
  for (let row = 0; row < 30; row++) {
    table.push({
      [`text ${EVIL}`]: EVIL.repeat((row % 3) + 1),
      [`label ${EVIL}`]: `${EVIL}${row % 2}`,
      [`one ${EVIL}`]: row % 5 === 0 ? null : EVIL,
      [`x ${EVIL}`]: row,
      [`y ${EVIL}`]: row * row,
      ['__proto__']: row,
      constructor: true,
      'a,b': 7,
    })
  }
  store.array(`array ${EVIL}`, f64).push(1)
  store.close()
  return folder
}

function isHarmless(t: ExecutionContext, text: string, what: string): void {
  t.is(ACTED_ON.exec(text)?.[0]?.charCodeAt(0), undefined, `${what}: ${JSON.stringify(text)}`)
}

const commands: Readonly<Record<string, string[]>> = {
  info: ['info', 'evil.stoa'],
  head: ['head', 'evil.stoa', '-t', `table ${EVIL}`],
  schema: ['schema', 'evil.stoa'],
  stats: ['stats', 'evil.stoa', '-t', `table ${EVIL}`],
  follow: ['follow', 'evil.stoa', '-t', `table ${EVIL}`, '-n', '10'],
  verify: ['verify', 'evil.stoa'],
  'a line': ['plot', 'evil.stoa', '-t', `table ${EVIL}`, '-x', `x ${EVIL}`, '-y', `y ${EVIL}`],
  lines: ['plot', 'evil.stoa', '-t', `table ${EVIL}`, '-y', `y ${EVIL}`, '-y', '__proto__'],
  'a scatter': ['plot', 'evil.stoa', '-t', `table ${EVIL}`, '-k', 'scatter', '-x', `x ${EVIL}`, '-y', `y ${EVIL}`],
  'a histogram': ['plot', 'evil.stoa', '-t', `table ${EVIL}`, '-x', `label ${EVIL}`],
  'an SVG': ['plot', 'evil.stoa', '-t', `table ${EVIL}`, '-x', `label ${EVIL}`, '--svg', '-'],
}
for (const [what, args] of Object.entries(commands)) {
  test(`${what} shows nothing that a terminal acts on, as text and as JSON`, async (t) => {
    const folder = evilStore(t)
    const text = await done(t, folder, ...args)
    t.true(text.length > 10)
    isHarmless(t, text, what)
    const lines = await done(t, folder, ...args, '--json')
    isHarmless(t, lines, `${what} --json`)
    if (what !== 'an SVG') for (const line of lines.trim().split('\n')) t.notThrows(() => JSON.parse(line) as unknown)
  })
}

const failures: Readonly<Record<string, string[]>> = {
  'a command': [EVIL],
  'an option': ['info', 'evil.stoa', `--${EVIL}`],
  'a value': ['head', 'evil.stoa', '--rows', EVIL],
  'a store': ['info', `${EVIL}.stoa`.replaceAll('/', '')],
  'a table': ['head', 'evil.stoa', '-t', `tabel ${EVIL}`],
  'the choice of a table': ['follow', 'evil.stoa', '-t', `array ${EVIL}`],
  'a column': ['head', 'evil.stoa', '-t', `table ${EVIL}`, '-c', `tetx ${EVIL}`],
  'an axis': ['plot', 'evil.stoa', '-t', `table ${EVIL}`, '-y', `text ${EVIL}`],
  'a file': ['import', `${EVIL}.csv`, 'evil.stoa'],
  'a type': ['import', 'bad.csv', 'evil.stoa', '--type', `a=${EVIL}`],
  'a field': ['import', 'bad.csv', 'new.stoa', '--type', 'a=f64'],
}
for (const [what, args] of Object.entries(failures)) {
  test(`a failure that names ${what} holds nothing that a terminal acts on`, async (t) => {
    const folder = evilStore(t)
    writeFileSync(join(folder, 'bad.csv'), `a\n"${EVIL.replaceAll('"', '""')}"\n`)
    for (const option of [[], ['--json']]) {
      const { code, stdout, stderr } = await stoa(folder, ...args, ...option)
      t.true(code === 1 || code === 2, `${code} ${stderr}`)
      t.is(stdout, '')
      isHarmless(t, stderr, what)
    }
  })
}

test('columns of any name are found, shown and brought to a file', async (t) => {
  const folder = evilStore(t)
  const table = ['-t', `table ${EVIL}`]
  t.is(await done(t, folder, 'head', 'evil.stoa', ...table, '-c', 'a,b', '-n', '1'), 'a,b\n  7\n')
  const row = await done(t, folder, 'head', 'evil.stoa', ...table, '-c', '__proto__,constructor', '-n', '1', '--json')
  t.is(row, '{"__proto__":0,"constructor":true}\n')
  const { columns } = await json(t, folder, 'stats', 'evil.stoa', ...table, '-c', '__proto__')
  t.like(columns[0], { name: '__proto__', max: 29 })
  await done(t, folder, 'export', 'evil.stoa', 'out.csv', ...table)
  await done(t, folder, 'import', 'out.csv', 'again.stoa', '-t', `table ${EVIL}`)
  const names = (await json(t, folder, 'info', 'again.stoa')).tables[0].columns.map(({ name }: any) => name)
  t.deepEqual(
    names,
    (await json(t, folder, 'info', 'evil.stoa')).tables[0].columns.map(({ name }: any) => name),
  )
  t.regex(await failing(t, 1, folder, 'head', 'evil.stoa', '-t', '__proto__'), /there is no table/)
})
