import type { Command } from '../command.ts'
import { COLUMNS, TABLE } from '../command.ts'
import type { FollowOptions, RowRange } from '../../follow.ts'
import { RowPrinter } from '../row-text.ts'
import { chosenHandle, chosenStorages, reading } from '../source.ts'
import { StoredTable } from '../../table/stored-table.ts'

const ROWS = 10

export const follow: Command = {
  name: 'follow',
  summary: 'shows the last rows, then each new one when it is committed',
  positionals: ['STORE'],
  options: {
    table: { ...TABLE, help: 'the table; may be left out where there is one' },
    columns: COLUMNS,
    from: { value: 'ROW', help: `the first row to show, from the end when negative; default -${ROWS}` },
    rows: { value: 'N', short: 'n', help: 'ends after so many rows; default: never' },
  },
  details: ['It goes on until Ctrl-C, also when the writer ends and another begins.'],
  examples: ['stoa follow market.stoa', 'stoa follow market.stoa --from 0 --json | my-program'],
  run: (given, output) =>
    reading(given.positional(0), async (store) => {
      let left = given.whole('rows', 1) ?? Infinity
      const from = given.whole('from', -Number.MAX_SAFE_INTEGER) ?? -ROWS
      const handle = chosenHandle(store, given)
      if (!(handle instanceof StoredTable)) throw given.wrong(`${handle.title} cannot be followed: only tables can`)
      const printer = new RowPrinter(output, chosenStorages(handle, given))
      const start = from < 0 ? Math.max(handle.length + from, 0) : from
      for await (const range of followed(handle, { from: start })) {
        const end = Math.min(range.end, range.start + left)
        await printer.print(range.start, end)
        left -= end - range.start
        if (left === 0) break
      }
    }),
}

function followed(table: StoredTable, options: FollowOptions): AsyncIterableIterator<RowRange> {
  return table.follow(options)
}
