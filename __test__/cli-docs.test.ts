// Goal: the commands of docs/command-line.md print what it says.
// Method: every console block is run line by line by a shell, in order and in one folder, with `stoa` being the built
// program. Times, which differ, are taken out on both sides, and the folder is called /data.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { COMMANDS } from '../src/cli/commands.ts'
import { run } from './support/child.ts'
import { program } from './support/cli.ts'
import { directory } from './support/directory.ts'

const page = readFileSync(new URL('../docs/command-line.md', import.meta.url), 'utf8')

interface Step {
  readonly command: string
  readonly printed: string
}

const steps: Step[] = [...page.matchAll(/^```console\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const end = step.indexOf('\n')
      return { command: step.slice(0, end), printed: step.slice(end + 1) }
    }),
)

function comparable(text: string, folder: string): string {
  return text.replaceAll(folder, '/data').replaceAll(/in \d+(\.\d+)? s\b/g, 'in … s')
}

test('every command of docs/command-line.md prints what it says', async (t) => {
  const folder = directory(t)
  const data = join(folder, 'data')
  mkdirSync(data)
  writeFileSync(join(folder, 'stoa'), `#!/bin/sh\nexec '${process.execPath}' '${program}' "$@"\n`)
  chmodSync(join(folder, 'stoa'), 0o755)
  t.true(steps.length > 10)
  for (const { command, printed } of steps) {
    const env = { PATH: `${folder}:${process.env['PATH']}` }
    const { stdout, stderr } = await run('sh', ['-c', command], env, data)
    t.is(comparable(stdout + stderr, data), comparable(printed, data), command)
  }
})

test('docs/command-line.md tells every command', (t) => {
  for (const { name, positionals } of COMMANDS)
    t.true(page.includes(`| \`stoa ${name} ${positionals.join(' ')}\``), name)
})
