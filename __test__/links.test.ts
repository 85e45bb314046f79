// Goal: no link of the documents leads nowhere.
// Method: every Markdown file of the repository, its links followed to files and headings. What the checker finds is
// tried with a page of broken links.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { directory } from './support/directory.ts'
import { brokenLinks } from './support/links.ts'

const root = fileURLToPath(new URL('../', import.meta.url))

test('every link in the documents leads to a file or heading that is there', (t) => {
  const files = execFileSync('git', ['ls-files', '--', '*.md'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
  t.true(files.includes('README.md') && files.includes('docs/format.md'))
  t.deepEqual(
    files.flatMap((file) => brokenLinks(join(root, file))),
    [],
  )
})

test('a link to a missing file, heading or address is found', (t) => {
  const folder = directory(t)
  const page = join(folder, 'page.md')
  writeFileSync(
    page,
    '# A heading: of `code`\n\n[a](#a-heading-of-code) [b](none.md) [c](page.md#none) [d](https://[) [e](page.md) `[f](g)`\n',
  )
  t.deepEqual(brokenLinks(page), [
    `${page}: 'none.md' is not there`,
    `${page}: 'page.md#none' has no such place`,
    `${page}: 'https://[' is no address`,
  ])
})
