import { columnBars } from '../bar.ts'
import { cellWriter } from '../cell.ts'
import { columnStats, type ColumnStats } from '../column-stats.ts'
import type { Storage } from '../../column/storage.ts'
import type { Command } from '../command.ts'
import { COLUMNS, TABLE } from '../command.ts'
import { Grid } from '../grid.ts'
import { jsonWriter } from '../../interop/files/json-value.ts'
import { JsonText } from '../json-text.ts'
import { isTime } from '../numbers.ts'
import { count, counted, shortNumber } from '../number-text.ts'
import type { Output } from '../output.ts'
import { printable } from '../printable.ts'
import { Progress } from '../progress.ts'
import { StoredType } from '../../schema/types.ts'
import { cut } from '../text-width.ts'
import { chosenHandle, chosenStorages, reading } from '../source.ts'

const BINS = 16

const GRID = [
  { name: 'column', side: 'left' },
  { name: 'type', side: 'left' },
  { name: 'nulls', side: 'right' },
  { name: 'distinct', side: 'right' },
  { name: 'min', side: 'right' },
  { name: 'mean', side: 'right' },
  { name: 'max', side: 'right' },
  { name: 'values', side: 'left' },
] as const

export const stats: Command = {
  name: 'stats',
  summary: 'tells what is in each column: min, max, mean, nulls, distinct, a histogram',
  positionals: ['STORE'],
  options: {
    table: TABLE,
    columns: COLUMNS,
    bins: { value: 'N', help: `bins of a histogram, at most; default ${BINS}` },
  },
  details: [
    'Different values are counted exactly up to 100,000 a column, above that it says "> 100,000"; of text in all 32 million characters are looked at. NaN is told beside the values, and counts nowhere else. Text shows its length, labels the most frequent ones.',
  ],
  examples: ['stoa stats market.stoa', 'stoa stats market.stoa --table trades --columns price,qty --json'],
  run: (given, output) =>
    reading(given.positional(0), async (store) => {
      const bins = given.whole('bins', 1, 1000) ?? BINS
      const handle = chosenHandle(store, given)
      const storages = chosenStorages(handle, given)
      const progress = new Progress(`reading ${handle.name}`)
      const { length } = handle
      const all = storages.map((storage, place) => {
        progress.tell(place / storages.length)
        return { storage, told: columnStats(storage, length, bins) }
      })
      progress.end()
      if (output.isJson) {
        const columns = all.map(({ storage, told }) => jsonOf(storage, told))
        return output.json({ table: handle.name, rows: length, columns })
      }
      const cells = all.map(({ storage, told }) => cellsOf(storage, told, length))
      const grid = new Grid(GRID, output.width)
      grid.see(cells)
      await output.lines([`${output.bold(printable(handle.name))}: ${counted(length, 'row')}`, ''])
      if (grid.hidden.length > 0) return output.lines(cells.flatMap((row) => block(row, output)))
      await output.lines([output.dim(grid.header()), ...cells.map((row) => grid.line(row))])
    }),
}

/** Where a line has no room for all that there is to say of a column. */
function block([name = '', type = '', ...rest]: readonly string[], output: Output): string[] {
  const facts = rest.slice(0, -1).map((value, place) => (value === '' ? '' : `${GRID[place + 2]?.name} ${value}`))
  const lines = [facts.slice(0, 2), facts.slice(2), rest.slice(-1)]
    .map((part) => part.filter((text) => text !== '').join(', '))
    .filter((line) => line !== '')
  return [`${output.bold(name)}  ${output.dim(type)}`, ...lines.map((line) => `  ${cut(line, output.width - 2)}`)]
}

function cellsOf(storage: Storage, told: ColumnStats, rows: number): string[] {
  const { nulls, nans, distinct, min, max, mean } = told
  const write = cellWriter(storage.type)
  const value = (each: unknown): string => {
    if (each === undefined) return ''
    if (isTime(storage)) return toTheSecond(write(each))
    return typeof each === 'number' ? shortNumber(each) : write(each)
  }
  return [
    printable(storage.name),
    printable(`${storage.type}`),
    nans === undefined ? count(nulls) : `${count(nulls)} + ${count(nans)} NaN`,
    distinct === undefined ? '' : `${distinct.isExact ? '' : '> '}${count(distinct.count)}`,
    value(min),
    mean === undefined ? '' : value(isTime(storage) ? meanTime(storage, mean) : mean),
    value(max),
    valuesOf(told, rows),
  ]
}

/** A picture of the values, or what there is to say. */
function valuesOf({ histogram, labels, textBytes }: ColumnStats, rows: number): string {
  if (histogram !== undefined) return columnBars(histogram.counts)
  if (labels !== undefined) {
    return labels.map(({ label, count }) => `${printable(label)} ${Math.round((count / rows) * 100)} %`).join(', ')
  }
  if (textBytes === undefined) return ''
  const { min, max } = textBytes
  return min === max ? counted(min, 'byte') : `${count(min)} to ${counted(max, 'byte')}`
}

/** Parts of a second say nothing beside a mean. */
function toTheSecond(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z')
}

/** A mean of times as a value of the column. */
function meanTime({ type, coding }: Storage, mean: number): number | bigint {
  return coding === 'bigint' && StoredType.inner(type).unit !== undefined ? BigInt(Math.round(mean)) : Math.round(mean)
}

function jsonOf(storage: Storage, told: ColumnStats): object {
  const { nulls, nans, distinct, min, max, mean, histogram, labels, textBytes } = told
  const write = jsonWriter(storage.type)
  const value = (each: unknown): unknown => (each === undefined ? undefined : new JsonText(write(each)))
  return {
    name: storage.name,
    type: `${storage.type}`,
    nulls,
    nans,
    distinct: distinct?.count,
    distinctIsExact: distinct?.isExact,
    min: value(min),
    max: value(max),
    mean: mean !== undefined && isTime(storage) ? value(meanTime(storage, mean)) : mean,
    histogram,
    labels,
    textBytes,
  }
}
