// Goal: the examples do what they say, with the libraries that they are about.
// Method: each runs in a process of its own, as a user runs it. What it printed, and the store that it left, are compared
// with the same worked out here in another way.
import test from 'ava'
import { open } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { exampleLines, startExample } from './support/examples.ts'
import { Random } from './support/seed.ts'

test('an import of three million flights that was killed goes on behind its last commit', async (t) => {
  const path = storePath(t)
  const lines = await exampleLines('flights.ts', path, '--kill', '--seed', `${Random.of(t).below(1e6)}`)
  t.true(lines.some((line) => line.startsWith('  killed with SIGKILL')))
  t.true(lines.some((line) => /all [\d,]+ values compared with the source: equal/.test(line)))

  const store = open(path, { access: 'read' })
  t.is(store.table('flights').length, 3_000_000)
  store.close()
})

/** The sparks of a world, whatever their numbers. */
function sparks(path: string): { tick: number; sparks: string[] } {
  const store = open(path) // the next writer, which decides about a commit that was in flight
  const [position, velocity, heat] = ['Position', 'Velocity', 'Heat'].map((name) => store.table(name).arrays)
  const rows: string[] = []
  for (const [entity, has] of (position!['has'] as Uint8Array).entries()) {
    if (has === 0) continue
    const row = [position!['x'], position!['y'], velocity!['dx'], velocity!['dy'], heat!['left']]
    rows.push(row.map((array) => `${array![entity]}`).join(' '))
  }
  const tick = [...(store.table('clock').arrays['tick'] as Uint32Array)].at(-1)
  store.close()
  return { tick: tick as number, sparks: rows.toSorted() }
}

test('a bitECS world that was killed goes on as one that was not', async (t) => {
  const path = storePath(t, 'killed.stoa')
  const child = startExample('world/world.ts', path, '--ticks', '1000000')
  while (!(await child.line()).startsWith('tick 120:'));
  await child.kill()
  const killed = sparks(path)
  t.true(killed.tick >= 120, `${killed.tick}`)
  t.is(killed.tick % 10, 0)
  t.true(killed.sparks.length > 300, `${killed.sparks.length}`)

  const other = storePath(t, 'whole.stoa')
  await exampleLines('world/world.ts', other, '--ticks', `${killed.tick}`)
  t.deepEqual(killed, sparks(other))

  const uninterrupted = storePath(t, 'uninterrupted.stoa')
  const [first] = await exampleLines('world/world.ts', path, '--ticks', '155')
  t.is(first, `at tick ${killed.tick}: ${killed.sparks.length} sparks`)
  await exampleLines('world/world.ts', uninterrupted, '--ticks', `${killed.tick + 155}`)
  t.deepEqual(sparks(path), sparks(uninterrupted))
})

test('Arquero answers from the memory of the store, and sees what is written to it', async (t) => {
  const path = storePath(t)
  const lines = await exampleLines('arquero.ts', path)
  t.is(lines[0], '200000 rows, the same memory')
  const answers = lines.map((line) => /'(\w+)' +│ (\d+) +│ ([\d.]+)/.exec(line)).filter((match) => match !== null)

  const store = open(path)
  const expected = new Map<string, { trades: number; turnover: number }>()
  for (const { sym, price, qty } of store.table('trades').rows() as Iterable<{
    sym: string
    price: number
    qty: number
  }>) {
    const sum = expected.get(sym) ?? { trades: 0, turnover: 0 }
    expected.set(sym, { trades: sum.trades + 1, turnover: sum.turnover + price * qty })
  }
  const row = store.table('trades').at(0) as { sym: string; price: number; qty: number }
  store.close()

  t.is(row.price, 10) // the change was rolled back
  t.is(answers.length, 2 * expected.size)
  for (const [place, [, sym, trades, turnover]] of answers.entries()) {
    const isAfter = place >= expected.size
    const changed = isAfter && sym === row.sym ? (1_000_000 - row.price) * row.qty : 0
    t.deepEqual({ trades: Number(trades), turnover: Number(turnover) - changed }, expected.get(sym!))
  }
})

test('the search finds the vectors nearest to the query, of 100,000', async (t) => {
  const path = storePath(t)
  const lines = await exampleLines('search.ts', path)
  const found = lines.slice(0, -1).map((line) => line.split('  ') as [cosine: string, title: string])
  t.regex(lines.at(-1)!, /^100000 vectors in [\d.]+ ms$/)

  const store = open(path, { access: 'read' })
  const documents = store.table('documents')
  const embedding = documents.arrays['embedding'] as Float32Array
  const query = embedding.slice(4242 * 384, 4243 * 384).map((lane, i) => (i % 2 === 0 ? lane : 0))
  const all = Array.from({ length: documents.length }, (_, row) => {
    let dot = 0
    let squares = 0
    for (let lane = 0; lane < 384; lane++) {
      const number = embedding[row * 384 + lane]!
      dot += number * query[lane]!
      squares += number * number
    }
    return { row, cosine: dot / Math.sqrt(squares) / Math.hypot(...query) }
  }).toSorted((a, b) => b.cosine - a.cosine)
  const titles = documents.columns['title']!
  t.is(all.length, 100_000)
  t.deepEqual(
    found.map(([, title]) => title),
    all.slice(0, 10).map(({ row }) => titles.at(row) as string),
  )
  for (const [place, [cosine]] of found.entries()) t.true(Math.abs(Number(cosine) - all[place]!.cosine) < 2e-6, cosine)
  t.is(found[0]?.[1], 'document 4242')
  store.close()
})

test('who follows the telemetry sees each sample once and in order, and a sparkline of the last', async (t) => {
  const path = storePath(t)
  const lines = await exampleLines('telemetry/telemetry.ts', path, '--rows', '150')
  t.is(lines.at(-1), 'followed 150 rows, each once and in order')
  t.regex(lines.at(-2)!, /^heap {2}[▁▂▃▄▅▆▇█]{60} [\d.]+ MiB$/)

  const store = open(path, { access: 'read' })
  const { at } = store.table('samples').arrays
  t.is(at!.length, 150)
  t.deepEqual(
    [...at!],
    [...at!].toSorted((a, b) => Number(a) - Number(b)),
  )
  store.close()
})

test('killing the writer of telemetry takes none of the samples that were seen', async (t) => {
  const path = storePath(t)
  await exampleLines('telemetry/telemetry.ts', path, '--rows', '1')
  const writer = startExample('telemetry/writer.ts', path)
  t.teardown(() => writer.kill())
  const lines = await exampleLines('telemetry/follower.ts', path, '--rows', '100')
  await writer.kill()
  const seen = Number(/^followed (\d+) rows/.exec(lines.at(-1)!)?.[1])
  t.true(seen >= 100)

  const store = open(path)
  t.true(store.table('samples').length >= seen)
  store.close()
})
