// Goal: the worked example of docs/migrations.md does what the page says.
// Method: its programs are run one after the other in one folder; what the last prints is compared with the page.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { open } from '../src/index.ts'
import { library, run, typescript } from './support/child.ts'
import { throwsCode } from './support/errors.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const page = readFileSync(`${root}docs/migrations.md`, 'utf8')
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1] as string)

test('the programs of docs/migrations.md leave and print what it says', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-migrations-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'run'))
  writeFileSync(join(folder, 'run', 'package.json'), '{"type":"module"}')
  const programs = blocks('ts')
  t.is(programs.length, 2)
  const play = async (code: string): Promise<string> => {
    const file = join(folder, 'run', 'example.ts')
    writeFileSync(file, code.replaceAll(/from 'stoa'/g, `from ${JSON.stringify(library)}`))
    const {
      code: exitCode,
      stdout,
      stderr,
    } = await run(process.execPath, [...typescript, file], {}, join(folder, 'run'))
    t.is(exitCode, 0, stderr)
    return stdout
  }
  const [first, second] = programs as [string, string]
  const path = join(folder, 'run', 'market.stoa')
  t.is(await play(first), '')
  throwsCode(t, () => open(path, { version: 3 }), 'ERR_STOA_VERSION')
  const [printed] = blocks('text') as [string]
  t.is(await play(second), printed)
  t.is(await play(second), `${printed}3000 ACME 11 5\n`)
  throwsCode(t, () => open(path, { version: 1 }), 'ERR_STOA_VERSION')
  const store = open(path, { version: 3 })
  t.deepEqual(Object.keys(store.table('trades').schema), ['ts', 'usd', 'qty', 'sym'])
  store.close()
})
