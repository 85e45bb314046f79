import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from '../command.ts'
import { byteText } from '../number-text.ts'
import { open } from '../../open.ts'
import { printable } from '../printable.ts'
import { Progress } from '../progress.ts'
import { reading } from '../source.ts'

export const compact: Command = {
  name: 'compact',
  summary: 'gives the space back that nothing in a store needs',
  positionals: ['STORE'],
  options: {},
  details: [
    'It writes the last commit to a new file, which then takes the place of the old one: the disk must have room for both. Nobody else may have the store open for writing; readers go on.',
  ],
  examples: ['stoa compact market.stoa'],
  async run(given, output) {
    const path = resolve(given.positional(0))
    const bytesBefore = statSync(path, { throwIfNoEntry: false })?.size ?? 0
    // A store keeps the version of its data.
    const version = await reading(path, async (store) => store.version)
    const store = open(path, { create: false, version })
    try {
      await Progress.during(`compacting ${path}`, () => store.compact())
    } finally {
      store.close()
    }
    const bytes = statSync(path).size
    if (output.isJson) return output.json({ path, bytesBefore, bytes })
    await output.lines([`${printable(path)}: ${byteText(bytesBefore)} before, ${byteText(bytes)} now`])
  },
}
