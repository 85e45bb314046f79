// Goal: the examples of the documents on other formats compile and do what they say.
// Method: every TypeScript block is checked by the compiler, then run in a process and a folder of its own, with the
// package's entries pointing here and with assertions behind it that use its variables.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { library, run, typescript } from './support/child.ts'
import { directory } from './support/directory.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

/** What must hold after each block of a page, in order. */
const assertions: Readonly<Record<string, readonly string[]>> = {
  'docs/arrow.md': [
    `assert.equal(prices.get(0), undefined) // closed
    assert.deepEqual(Object.keys(copy.schema), ['sym', 'bid'])
    const reopened = open('market.stoa')
    assert.deepEqual([...reopened.table('quotes')], [{ sym: 'ACME', bid: 10.9 }])
    assert.deepEqual(reopened.table('again').schema, reopened.table('trades').schema)
    assert.deepEqual([...reopened.table('again')], [...reopened.table('trades')])
    assert.equal(reopened.table('again').at(0).price, 11)
    reopened.close()`,
  ],
  'docs/files.md': [
    `const reopened = open('market.stoa')
    assert.deepEqual([...reopened.table('copy')], [{ sym: 'ACME', price: 10.5 }])
    assert.equal(reopened.commitId, 1)
    reopened.close()`,
  ],
  'docs/datasets.md': [
    `assert.deepEqual(highest, [['2026-11-22', 10.5], ['2026-11-23', 10.75]])
    assert.equal(acme, 1)
    assert.equal(openDataset('trades', { columns, partitionBy: ['day'] }).length, 2)`,
  ],
}

const pages = Object.entries(assertions).map(([page, checks]) => {
  const text = readFileSync(`${root}${page}`, 'utf8')
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code as string)
  return { page, checks, blocks }
})

/** A folder in which the packages of this one are found. */
function project(t: ExecutionContext): string {
  const folder = directory(t)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'run'))
  writeFileSync(join(folder, 'run', 'package.json'), '{"type":"module"}')
  return join(folder, 'run')
}

for (const { page, checks, blocks } of pages) {
  test(`every example of ${page} has assertions`, (t) => t.is(blocks.length, checks.length))

  for (const [place, code] of blocks.entries()) {
    test(`example ${place + 1} of ${page} gives what it says`, async (t) => {
      const folder = project(t)
      const source = code
        .replaceAll(/from 'stoa'/g, `from ${JSON.stringify(library)}`)
        .replaceAll(/from 'stoa\/(\w+)'/g, (_, entry: string) => {
          return `from ${JSON.stringify(library.replace('index.ts', `interop/${entry}.ts`))}`
        })
      const file = join(folder, 'example.ts')
      writeFileSync(
        file,
        `import assert from 'node:assert/strict'\n${source}\n${checks[place]}\nconsole.log('checked')`,
      )
      const { code: exitCode, stdout, stderr } = await run(process.execPath, [...typescript, file], {}, folder)
      t.is(exitCode, 0, stderr)
      t.regex(stdout, /^checked\n$/m, stderr)
    })

    test(`example ${place + 1} of ${page} compiles`, async (t) => {
      const folder = project(t)
      writeFileSync(join(folder, 'example.ts'), code)
      const sources = join(root, 'src')
      const options = {
        compilerOptions: {
          strict: true,
          noEmit: true,
          skipLibCheck: true,
          module: 'nodenext',
          target: 'es2023',
          lib: ['es2023', 'es2024.string', 'esnext.disposable'],
          types: ['node'],
          allowImportingTsExtensions: true,
          paths: { stoa: [join(sources, 'index.ts')], 'stoa/*': [join(sources, 'interop', '*.ts')] },
        },
        files: ['example.ts'],
      }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
      const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
      const { code: exitCode, stdout, stderr } = await run(process.execPath, [tsc, '-p', folder], {}, folder)
      t.is(exitCode, 0, `${stdout}${stderr}`)
    })
  }
}
