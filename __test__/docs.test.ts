// Goal: the examples of the README run.
// Method: every TypeScript block is run in a process and a folder of its own, with the package's name pointing here.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { library, run, typescript } from './support/child.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')
const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => ({
  code: match[1] as string,
  line: readme.slice(0, match.index).split('\n').length + 1,
}))

test('the README has examples', (t) => {
  t.true(blocks.length >= 1)
})

for (const { code, line } of blocks) {
  test(`the example in line ${line} of the README runs`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'stoa-readme-'))
    t.teardown(() => rmSync(folder, { recursive: true, force: true }))
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    mkdirSync(join(folder, 'run'))
    const file = join(folder, 'run', 'example.ts')
    writeFileSync(file, code.replaceAll(/from 'stoa'/g, `from ${JSON.stringify(library)}`))
    writeFileSync(join(folder, 'run', 'package.json'), '{"type":"module"}')
    const { code: exitCode, stderr } = await run(process.execPath, [...typescript, file], {}, join(folder, 'run'))
    t.is(exitCode, 0, stderr)
  })
}
