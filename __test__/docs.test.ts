// Goal: the examples of the README compile and do what they say.
// Method: every TypeScript block is checked by the compiler, then run in a process and a folder of its own, with the
// package's name pointing here and with assertions behind it that use its variables.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { library, run, typescript } from './support/child.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => ({
  code: match[1] as string,
  line: readme.slice(0, match.index).split('\n').length + 1,
}))

/** What must hold after each block, in order. */
const assertions = [
  `assert.equal(turnover, 10.5 * 3 + 10.4 * 1 + 99 * 2)
  assert.deepEqual([...acme], [0, 1])
  assert.equal(mean, (11 + 10.4) / 2)
  assert.equal(store.closed, true)
  const again = open('market.stoa')
  const rows = [...again.table('trades')]
  assert.equal(again.commitId, 1)
  assert.equal(typeof rows[0].ts, 'number')
  assert.deepEqual(
    rows.map(({ sym, price, qty }) => [sym, price, qty]),
    [['ACME', 11, 3], ['ACME', 10.4, 1], ['STOA', 99, 2]],
  )
  assert.deepEqual(rows.slice(1).map(({ ts }) => ts), [1, 2])
  again.close()`,
]

test('every example of the README has assertions', (t) => {
  t.true(blocks.length >= 1)
  t.is(blocks.length, assertions.length)
})

/** A folder in which `stoa` is this package. */
function project(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-readme-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'run'))
  writeFileSync(join(folder, 'run', 'package.json'), '{"type":"module"}')
  return join(folder, 'run')
}

for (const [place, { code, line }] of blocks.entries()) {
  test(`the example in line ${line} of the README gives what it says`, async (t) => {
    const folder = project(t)
    const source = code.replaceAll(/from 'stoa'/g, `from ${JSON.stringify(library)}`)
    const asserted = `import assert from 'node:assert/strict'\n${source}\n${assertions[place]}\nconsole.log('checked')`
    writeFileSync(join(folder, 'example.ts'), asserted)
    const file = join(folder, 'example.ts')
    const { code: exitCode, stdout, stderr } = await run(process.execPath, [...typescript, file], {}, folder)
    t.is(exitCode, 0, stderr)
    t.is(stdout.trim(), 'checked', stderr)
  })

  test(`the example in line ${line} of the README compiles`, async (t) => {
    const folder = project(t)
    writeFileSync(join(folder, 'example.ts'), code)
    const options = {
      // As a user's project has it, with the strictness that is common.
      compilerOptions: {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        module: 'nodenext',
        target: 'es2023',
        lib: ['es2023', 'es2024.string', 'esnext.disposable'],
        types: ['node'],
        allowImportingTsExtensions: true,
        paths: { stoa: [join(root, 'src', 'index.ts')] },
      },
      files: ['example.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    const { code: exitCode, stdout, stderr } = await run(process.execPath, [tsc, '-p', folder], {}, folder)
    t.is(exitCode, 0, `${stdout}${stderr}`)
  })
}
