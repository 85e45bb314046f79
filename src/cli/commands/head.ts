import type { Command } from '../command.ts'
import { COLUMNS, TABLE } from '../command.ts'
import { RowPrinter } from '../row-text.ts'
import { chosenHandle, chosenStorages, reading } from '../source.ts'

const ROWS = 10

export const head: Command = {
  name: 'head',
  summary: 'shows the first rows, or those from a row on',
  positionals: ['STORE'],
  options: {
    table: TABLE,
    columns: COLUMNS,
    rows: { value: 'N', short: 'n', help: `how many rows; default ${ROWS}` },
    from: { value: 'ROW', help: 'the first row to show, from the end when negative; default 0' },
  },
  details: [
    'Long text is cut, times are ISO 8601 in UTC. With --json each row is a JSON object on a line of its own, whole.',
  ],
  examples: [
    'stoa head market.stoa',
    'stoa head market.stoa --table trades --columns ts,price --rows 100',
    'stoa head market.stoa --from -5          # the last five rows',
    'stoa head market.stoa --json | jq .price',
  ],
  run: (given, output) =>
    reading(given.positional(0), async (store) => {
      const rows = given.whole('rows', 0) ?? ROWS
      const from = given.whole('from', -Number.MAX_SAFE_INTEGER) ?? 0
      const handle = chosenHandle(store, given)
      const printer = new RowPrinter(output, chosenStorages(handle, given))
      const { length } = handle
      const start = from < 0 ? Math.max(length + from, 0) : from
      await printer.print(start, Math.min(start + rows, length))
      await printer.printHeader()
      await printer.printHidden()
    }),
}
