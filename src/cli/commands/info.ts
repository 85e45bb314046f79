import type { Command } from '../command.ts'
import type { StoreInfo } from '../../info.ts'
import { Grid } from '../grid.ts'
import { byteText, count, counted } from '../number-text.ts'
import type { Output } from '../output.ts'
import { printable } from '../printable.ts'
import { reading } from '../source.ts'

/** Names of types are cut: some hold many labels. */
const COLUMNS = [
  { name: 'column', side: 'left' },
  { name: 'type', side: 'left' },
  { name: 'bytes', side: 'right' },
] as const

export const info: Command = {
  name: 'info',
  summary: 'tells what is in a store, and how large it is',
  positionals: ['STORE'],
  options: {},
  details: [],
  examples: ['stoa info market.stoa', 'stoa info market.stoa --json'],
  run: (given, output) =>
    reading(given.positional(0), async (store) => {
      const told = store.info()
      if (output.isJson) return output.json({ path: store.path, live: store.live, ...told })
      await printInfo(store.path, store.live, told, output)
    }),
}

async function printInfo(path: string, isLive: boolean, told: StoreInfo, output: Output): Promise<void> {
  const { byteLength, commitId, formatVersion, byteOrder, freeBytes, logBytes, version, tables, arrays } = told
  const facts = [
    `format ${formatVersion}`,
    `${byteOrder} endian`,
    `commit ${count(commitId)}`,
    ...(version > 0 ? [`data version ${version}`] : []),
    ...(isLive ? ['open live'] : []),
  ]
  await output.lines([
    output.bold(printable(path)),
    `${byteText(byteLength)}: ${byteText(logBytes)} log, ${byteText(freeBytes)} free; ${facts.join(', ')}`,
  ])
  for (const { name, length, capacity, columns } of tables) {
    const rows = `${counted(length, 'row')}, room for ${count(capacity)}`
    await output.lines(['', `${output.bold(`table ${printable(name)}`)}: ${rows}`])
    const cells = columns.map((column) => [printable(column.name), printable(column.type), byteText(column.bytes)])
    const grid = new Grid(COLUMNS, output.width - 2)
    grid.see(cells)
    await output.lines([output.dim(`  ${grid.header()}`), ...cells.map((row) => `  ${grid.line(row)}`)])
  }
  for (const { name, type, length, capacity, bytes } of arrays) {
    const elements = `${counted(length, 'element')}, room for ${count(capacity)}, ${byteText(bytes)}`
    await output.lines(['', `${output.bold(`array ${printable(name)}`)}: ${printable(type)}, ${elements}`])
  }
  if (tables.length + arrays.length === 0) await output.lines(['', 'no tables and no arrays'])
}
