// Goal: the examples of the README and of the pages on live stores, backups and compaction compile and do what they say.
// Method: every TypeScript block is checked by the compiler, then run in a process and a folder of its own, with the
// package's name pointing here and with assertions behind it that use its variables.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { library, run, typescript } from './support/child.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** What must hold after each block of a page, in order. */
const assertions: Readonly<Record<string, readonly string[]>> = {
  'README.md': [
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
    `assert.equal(total, 6)
  assert.equal(rows, 3)`,
  ],
  'docs/backup.md': [
    `assert.deepEqual(problems, [])
  assert.equal(ok, true)
  assert.ok(bytesChecked > 0)
  assert.equal(store.closed, true)`,
    `const copy = open('market-friday.stoa')
  assert.equal(copy.table('trades').length, 3)
  copy.close()`,
  ],
  'docs/compaction.md': [
    `assert.ok(wanted > 0)
  assert.equal(price[0], 11)
  assert.equal(store.closed, true)
  const again = open('market.stoa')
  assert.deepEqual([...again.table('trades').columns.price], [11, 10.4, 99])
  again.close()`,
  ],
  'docs/live.md': ['assert.equal(store.closed, true)', 'assert.equal(hits.length, 0)'],
}

const blocks = Object.entries(assertions).flatMap(([page, checks]) => {
  const text = readFileSync(`${root}${page}`, 'utf8')
  return [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match, place) => ({
    page,
    code: match[1] as string,
    line: text.slice(0, match.index).split('\n').length + 1,
    place,
    check: checks[place],
  }))
})

test('every example has assertions', (t) => {
  for (const { page, line, check } of blocks) t.truthy(check, `${page}:${line}`)
  for (const [page, checks] of Object.entries(assertions)) {
    t.is(blocks.filter((block) => block.page === page).length, checks.length, page)
  }
})

/** What an example finds: the store that the first one of the README leaves behind. */
const LEFT = `const { open: openBefore, f64: f, u32: u, timestamp: ts, symbol: sym } = await import(${JSON.stringify(library)})
const left = openBefore('market.stoa')
left.table('trades', { ts, sym, price: f, qty: u }).append({ ts: [0, 1, 2], sym: ['ACME', 'ACME', 'STOA'], price: [11, 10.4, 99], qty: [3, 1, 2] })
left.close()
`

/** A folder in which `stoa` is this package. */
function project(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-readme-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'run'))
  writeFileSync(join(folder, 'run', 'package.json'), '{"type":"module"}')
  return join(folder, 'run')
}

for (const { page, code, line, place, check } of blocks) {
  test(`the example in line ${line} of ${page} gives what it says`, async (t) => {
    const folder = project(t)
    const source = code.replaceAll(/from 'stoa'/g, `from ${JSON.stringify(library)}`)
    writeFileSync(
      join(folder, 'before.ts'),
      page === 'docs/backup.md' || page === 'docs/compaction.md' || (page === 'README.md' && place > 0) ? LEFT : '',
    )
    const asserted = `import './before.ts'\nimport assert from 'node:assert/strict'\n${source}\n${check}\nconsole.log('checked')`
    writeFileSync(join(folder, 'example.ts'), asserted)
    const file = join(folder, 'example.ts')
    const { code: exitCode, stdout, stderr } = await run(process.execPath, [...typescript, file], {}, folder)
    t.is(exitCode, 0, stderr)
    t.is(stdout.trim(), 'checked', stderr)
  })

  test(`the example in line ${line} of ${page} compiles`, async (t) => {
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
