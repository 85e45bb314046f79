// Goal: where code may not be made from strings, tables behave the same, only slower.
// Method: the tests of tables again, in a process with --disallow-code-generation-from-strings.
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { isCodeGenerationAllowed } from '../src/table/codegen.ts'
import { run, runScript } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { exceptIn } from './support/needs.ts'

const withFlag = exceptIn(['Bun', 'Deno'], 'ava cannot hand this flag to the processes of tests')

const FLAG = '--disallow-code-generation-from-strings'
const files = [
  'append',
  'array',
  'bounds',
  'chunks',
  'columns',
  'model',
  'names',
  'readers',
  'readers-model',
  'reentry',
  'reopened',
  'rollback',
  'round-trip',
  'schema-change',
  'shrink',
  'source',
  'table',
  'text',
  'values',
  'verbs',
].map((name) => `__test__/${name}.test.ts`)

if (process.execArgv.includes(FLAG)) {
  test('code generation is off here', (t) => {
    t.false(isCodeGenerationAllowed())
  })
} else {
  test('code generation is on here', (t) => {
    t.true(isCodeGenerationAllowed())
  })

  test('with code generation off the table is the plain one and works', async (t) => {
    const { stdout, stderr } = await runScript(
      `const store = stoa.open(argv[0])
      const table = store.table('t', { x: stoa.f64 })
      table.push({ x: 1 })
      console.log(table.constructor.name, JSON.stringify(table.at(0)))
      store.close()`,
      [storePath(t)],
      [FLAG],
    )
    t.is(stdout.trim(), 'StoredTable {"x":1}', stderr)
  })

  withFlag('the tests of tables pass with code generation off', async (t) => {
    t.timeout(600_000)
    const ava = fileURLToPath(new URL('../node_modules/ava/entrypoints/cli.mjs', import.meta.url))
    // The environment of this run would make the inner one report to it.
    const env = Object.fromEntries(
      Object.keys(process.env)
        .filter((name) => name.startsWith('AVA'))
        .map((name) => [name, undefined]),
    )
    const args = [ava, '--tap', `--node-arguments=${FLAG}`, ...files, '__test__/codegen.test.ts']
    const { code, stdout, stderr } = await run(process.execPath, args, env as NodeJS.ProcessEnv)
    t.log(
      stdout
        .split('\n')
        .filter((line) => line.startsWith('# '))
        .join(', '),
    )
    t.is(
      code,
      0,
      `${stdout
        .split('\n')
        .filter((line) => line.startsWith('not ok'))
        .join('\n')}\n${stderr}`,
    )
    t.regex(stdout, /^ok \d+ - codegen › code generation is off here$/m)
  })
}
