// Goal: the API documentation builds without a warning: everything public is described, each link in a comment leads somewhere,
// and types show as they are written.
// Method: `npm run docs:api` into a folder of the test; the links of all its pages followed; some pages looked into.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { run } from './support/child.ts'
import { directory } from './support/directory.ts'
import { brokenLinks } from './support/links.ts'

const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  exports: Record<string, unknown>
}

test('the API documentation has every entry point, no warning, no broken link and no type taken apart', async (t) => {
  t.timeout(240_000)
  const site = directory(t)
  const { code, stdout, stderr } = await run('npm', ['run', '--silent', 'docs:api', '--', '--out', site])
  t.is(code, 0, `${stdout}${stderr}`)

  const pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'))
  t.deepEqual(
    pages.flatMap((name) => brokenLinks(join(site, name))),
    [],
  )
  for (const name of Object.keys(exports)) {
    if (name === './package.json') continue
    const module = name === '.' ? 'stoa' : `stoa_${name.slice('./'.length)}`
    t.true(pages.includes(join('modules', `${module}.html`)), name)
  }

  const text = (name: string): string =>
    readFileSync(join(site, name), 'utf8')
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
  const table = text('interfaces/stoa.Table.html')
  t.true(table.includes('append(source: ColumnsInput<C> | Iterable<RowInput<C>> | Table<C>): number'))
  t.true(table.includes('sum<K extends NumericColumn<C>>('))
  // What is inherited from others is not as they wrote it.
  t.true(text('interfaces/stoa.F64.html').includes('name: "f64"'))
})
