import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from '../command.ts'
import { byteText } from '../number-text.ts'
import { printable } from '../printable.ts'
import { Progress } from '../progress.ts'
import { reading } from '../source.ts'

export const backup: Command = {
  name: 'backup',
  summary: 'copies the last commit to a new store, while others write',
  positionals: ['STORE', 'TARGET'],
  options: {},
  details: [
    'The copy appears under its name when it is whole and durable; a file that has the name already stays as it is.',
  ],
  examples: ['stoa backup market.stoa market-friday.stoa'],
  run: (given, output) =>
    reading(given.positional(0), async (store) => {
      const target = resolve(given.positional(1))
      await Progress.during(`copying ${store.path}`, () => store.backup(target))
      const byteLength = statSync(target).size
      if (output.isJson) return output.json({ path: store.path, target, byteLength })
      await output.lines([`${printable(target)}: ${byteText(byteLength)}`])
    }),
}
