import type { Command } from '../command.ts'
import { byteText, counted } from '../number-text.ts'
import { printable } from '../printable.ts'
import { Progress } from '../progress.ts'
import { reading } from '../source.ts'

export const verify: Command = {
  name: 'verify',
  summary: 'checks every committed byte against its checksum',
  positionals: ['STORE'],
  options: {},
  details: [
    'It changes nothing and mends nothing: where it finds a fault, restore a backup. Exit code 1 when there is one. Rows that a live store wrote have no checksum.',
  ],
  examples: ['stoa verify market.stoa'],
  run: (given, output) =>
    reading(given.positional(0), async (store) => {
      const report = await Progress.during(`checking ${store.path}`, () => store.verify())
      const { ok, bytesChecked, problems } = report
      if (!ok) output.exitCode = 1
      if (output.isJson) return output.json({ path: store.path, ...report })
      const checked = `${byteText(bytesChecked)} checked`
      if (ok) return output.lines([`${printable(store.path)}: ok, ${checked}`])
      const faults = problems.map(({ where, message }) => `  ${printable(`${where}: ${message}`)}`)
      await output.lines([
        `${printable(store.path)}: ${counted(problems.length, 'fault')}, ${checked}; restore a backup`,
        ...faults,
      ])
    }),
}
