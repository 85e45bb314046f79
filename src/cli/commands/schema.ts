import type { Command } from '../command.ts'
import { TABLE } from '../command.ts'
import type { Handle } from '../../schema/contents.ts'
import { typeToRecord } from '../../schema/type-record.ts'
import type { StoredType } from '../../schema/types.ts'
import { printableJson } from '../printable.ts'
import { namedHandle, reading } from '../source.ts'
import { StoredTable } from '../../table/stored-table.ts'

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

export const schema: Command = {
  name: 'schema',
  summary: 'prints the tables and arrays as TypeScript that opens them',
  positionals: ['STORE'],
  options: { table: { ...TABLE, help: 'this table or array alone; default: all of them' } },
  details: [],
  examples: ['stoa schema market.stoa', 'stoa schema market.stoa > open-market.ts'],
  run: (given, output) =>
    reading(given.positional(0), async (store) => {
      const name = given.text('table')
      const names = name === undefined ? [...store.tables(), ...store.arrays()] : [name]
      const handles = names.map((each) => namedHandle(store, each))
      if (output.isJson) return output.json(handles.map((handle) => record(handle)))
      const used = new Set(handles.flatMap(({ storages }) => storages.flatMap(({ type }) => typeNames(type))))
      await output.lines([
        `import { ${['open', ...[...used].toSorted()].join(', ')} } from 'stoa'`,
        '',
        `const store = open(${literal(given.positional(0))})`,
        ...declarations(handles),
      ])
    }),
}

function record(handle: Handle): object {
  const columns = handle.storages.map(({ name, type }) => ({ name, type: `${type}`, ...details(type) }))
  if (handle instanceof StoredTable) return { table: handle.name, columns }
  return { array: handle.name, type: columns[0]?.type }
}

/** The labels of oneOf in full, which the type as text cuts. */
function details(type: StoredType): object {
  return { definition: typeToRecord(type) }
}

function declarations(handles: readonly Handle[]): string[] {
  const taken = new Set(['open', 'store'])
  return handles.flatMap((handle) => {
    const constant = constantFor(handle.name, taken)
    if (!(handle instanceof StoredTable)) {
      const [{ type }] = handle.storages
      return [`const ${constant} = store.array(${literal(handle.name)}, ${typeSource(type)})`]
    }
    const columns = handle.storages.map(({ name, type }) => `  ${keySource(name)}: ${typeSource(type)},`)
    return [`const ${constant} = store.table(${literal(handle.name)}, {`, ...columns, '})']
  })
}

/** A name for a variable, like that of the table and not taken. */
function constantFor(name: string, taken: Set<string>): string {
  const plain = name.replaceAll(/[^\w$]+/g, '_').replace(/^(?=\d|$)/, '_')
  let constant = plain
  for (let number = 2; taken.has(constant) || RESERVED.test(constant); number++) constant = `${plain}_${number}`
  taken.add(constant)
  return constant
}

const RESERVED =
  /^(?:arguments|await|bool|bytes|case|catch|class|const|continue|debugger|default|delete|do|else|enum|eval|export|extends|false|finally|for|function|if|implements|import|in|instanceof|interface|let|new|null|nullable|oneOf|package|private|protected|public|return|static|super|switch|symbol|this|throw|timestamp|timestamp64|true|try|typeof|utf8|var|vector|void|while|with|yield|[fiu]\d+)$/

/** `{ __proto__: … }` would be no column. */
function keySource(name: string): string {
  if (name === '__proto__') return `['__proto__']`
  return IDENTIFIER.test(name) ? name : literal(name)
}

function typeSource(type: StoredType): string {
  if (type.labels !== undefined) return `${type.name}(${type.labels.map((label) => literal(label)).join(', ')})`
  if (type.type === undefined) return `${type}`
  return `${type.name}(${typeSource(type.type)}${type.length === undefined ? '' : `, ${type.length}`})`
}

function typeNames(type: StoredType): string[] {
  return type.type === undefined ? [type.name] : [type.name, ...typeNames(type.type)]
}

/** Text as TypeScript, safe for a terminal. */
function literal(text: string): string {
  const json = printableJson(JSON.stringify(text))
  return json.includes("'") ? json : `'${json.slice(1, -1).replaceAll(String.raw`\"`, '"')}'`
}
