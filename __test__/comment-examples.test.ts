// Goal: the examples in the comments of what is public compile, so that what a hover shows can be typed in.
// Method: every `@example` of src/ becomes a function of its own, among values such as the examples speak of; the compiler
// checks all with the strictness of a user's project.
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { run } from './support/child.ts'
import { directory } from './support/directory.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const src = join(root, 'src')

/** What the examples speak of without making it. */
const AMONG = `
import { tableFromIPC } from 'apache-arrow'
import { bytes, f32, f64, i16, i64, nullable, oneOf, open, openAsync, type RowInput, StoaError, symbol, timestamp, u32, utf8, vector } from 'stoa'
import { columnsFromArrow, fromArrow, readArrow, toArrow, writeArrow } from 'stoa/arrow'
import { readCsv, writeCsv } from 'stoa/csv'
import { openDataset } from 'stoa/dataset'
import { readNdjson, writeNdjson } from 'stoa/ndjson'
import { readNpy, writeNpy } from 'stoa/npy'
import { readParquet, writeParquet } from 'stoa/parquet'

const store = open('market.stoa')
const reader = open('market.stoa', { access: 'read' })
const trades = store.table('trades', { ts: timestamp, sym: symbol, price: f64, qty: u32 })
const columns = { day: symbol, sym: symbol, price: f64 }
const flights = trades
const particles = store.table('particles', { x: f32 })
const accounts = reader.table('accounts', { balance: f64 })
const embeddings = store.table('documents', { embedding: vector(f32, 384) }).columns.embedding
const arrowTable = toArrow(trades)
const times = new Float64Array(2)
const url = 'https://example.org/trades.arrow'
const i = 0
let sum = 0
declare function scan(data: Float32Array, start: number): void
`

interface Example {
  readonly place: string
  readonly code: string
}

function examplesOf(file: string): Example[] {
  const text = readFileSync(file, 'utf8')
  return Array.from(text.matchAll(/@example\b(.*?)(?=\n\s*\* @|\s*\*\/)/gs), (match) => {
    const code = (match[1] as string).replaceAll(/^\s*\* ?/gm, '').trim()
    return { place: `${relative(root, file)}:${text.slice(0, match.index).split('\n').length}`, code }
  })
}

const examples = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .toSorted()
  .flatMap((name) => examplesOf(join(src, name)))

/** A function of the example: what it leaves open is empty, and an object stands for itself. */
function asFunction({ place, code }: Example): string {
  const whole = code.replaceAll('…', '{}')
  return `// ${place}\nasync () => {\n${whole.startsWith('{') ? `void (${whole})` : whole}\n},`
}

test('every example in a comment compiles', async (t) => {
  t.timeout(240_000)
  t.true(examples.length >= 50, `${examples.length}`)
  const folder = directory(t)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const entries = ['arrow', 'csv', 'dataset', 'ndjson', 'npy', 'parquet']
  const options = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2023', 'es2024.string', 'esnext.disposable'],
      types: ['node'],
      allowImportingTsExtensions: true,
      paths: {
        stoa: [join(src, 'index.ts')],
        ...Object.fromEntries(entries.map((entry) => [`stoa/${entry}`, [join(src, 'interop', `${entry}.ts`)]])),
      },
    },
    files: ['examples.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  writeFileSync(
    join(folder, 'examples.ts'),
    `${AMONG}\nexport const examples = [\n${examples.map(asFunction).join('\n')}\n]\n`,
  )
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { code, stdout, stderr } = await run(process.execPath, [tsc, '-p', folder], {}, folder)
  const lines = readFileSync(join(folder, 'examples.ts'), 'utf8').split('\n')
  const told = stdout.replaceAll(/^examples\.ts\((\d+),/gm, (all, line) => `${all}${lines[Number(line) - 1]} `)
  t.is(code, 0, `${told}${stderr}`)
})
