// The process whose system calls fail, or in the middle of which it is killed. For each line `ROLE PATH` it plays the role
// on that file, tells in lines what it begins, what is durable and what was thrown, and says `over`.
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { bool, f64, nullable, open, openAsync, StoaError, type Store, symbol, u32, utf8 } from '../../src/index.ts'
import { contentsOf } from './contents.ts'

const plain = { x: f64, n: u32 }
const rich = { sym: symbol, note: nullable(utf8) }

/** More rows than the first extents hold, and a record of their changes is longer than the first log. */
const MANY_ROWS = 34_000
/** More than the first extents hold. */
const MORE_ROWS = 10_000

/** Steps of one verb each. */
const VERBS = new Set(['create', 'append', 'push', 'add a column', 'drop', 'shrink', 'commit'])

function say(line: string): void {
  writeSync(1, `${line}\n`)
}

/** One role on one file. */
class Play {
  readonly #path: string
  readonly #waits: boolean
  #store: Store | undefined
  /** What a reader may wait for. */
  readonly #next: () => Promise<unknown>

  constructor(path: string, waits: boolean, next: () => Promise<unknown>) {
    this.#path = path
    this.#waits = waits
    this.#next = next
  }

  get #open(): Store {
    if (this.#store === undefined) throw new Error('the store is not open')
    return this.#store
  }

  async #opened(options: { live?: boolean; access?: 'read' } = {}): Promise<void> {
    this.#store = this.#waits ? await openAsync(this.#path, options) : open(this.#path, options)
  }

  async #commit(): Promise<void> {
    say(`begin ${contentsOf(this.#open)}`)
    if (this.#waits) await this.#open.commit()
    else this.#open.commitSync()
    say('durable')
  }

  #close(): void {
    say(`begin ${contentsOf(this.#open)}`)
    this.#open.close()
    say('durable')
    this.#store = undefined
  }

  #fill(value: number): void {
    this.#open.table('plain', plain).arrays.x.fill(value)
  }

  #append(rows: number): void {
    const x = Float64Array.from({ length: rows }, (_, at) => at / 2)
    const n = Uint32Array.from({ length: rows }, (_, at) => at)
    this.#open.table('plain', plain).append({ x, n })
  }

  #describe(from: number): void {
    const table = this.#open.table('rich', rich)
    this.#tell()
    for (let at = from; at < from + 20; at++) {
      table.push({ sym: `S${at % 7}`, note: at % 3 === 0 ? null : 'word '.repeat(at) })
      this.#tell()
    }
  }

  /** What a live store shows is in the file already. */
  #tell(): void {
    if (this.#store?.live === true) say(`has ${contentsOf(this.#store)}`)
  }

  /** What a writer does, call by call. */
  async *#write(): AsyncGenerator<string> {
    yield 'open'
    await this.#opened()
    yield 'create'
    this.#open.table('plain', plain)
    yield 'append'
    this.#append(100)
    yield 'create with rows'
    this.#describe(0)
    yield 'commit'
    await this.#commit()
    yield 'change'
    this.#open.table('plain', plain).set(5, { x: -1 })
    this.#open.table('rich', rich).set(1, { sym: 'other', note: 'a text too long for a view' })
    yield 'commit'
    await this.#commit()
    yield 'append'
    this.#append(MANY_ROWS)
    yield 'commit'
    await this.#commit()
    yield 'fill'
    this.#fill(1)
    // This needs a larger log; the next a checkpoint.
    yield 'commit'
    await this.#commit()
    yield 'fill'
    this.#open.table('plain', plain).arrays.n.fill(2, 0, 9000)
    yield 'commit'
    await this.#commit()
    yield 'change'
    this.#fill(9)
    yield 'append'
    this.#append(MANY_ROWS)
    yield 'rollback'
    this.#open.rollback()
    yield 'add a column'
    this.#open.table('rich', rich).addColumn('flag', bool, true)
    yield 'commit'
    await this.#commit()
    yield 'drop'
    this.#open.drop('plain')
    yield 'create with rows'
    this.#open.table('later', plain).push({ x: 1, n: 1 })
    yield 'commit'
    await this.#commit()
    yield 'shrink'
    this.#open.table('rich').shrink()
    yield 'commit'
    await this.#commit()
    yield 'push'
    this.#open.table('later', plain).push({ x: 2, n: 2 })
    yield 'close'
    this.#close()
    yield 'open'
    await this.#opened()
    yield 'push'
    this.#open.table('later', plain).push({ x: 3, n: 3 })
    yield 'commit'
    await this.#commit()
    yield 'close'
    this.#close()
  }

  /** What a live store does: whatever it told must be there, whole or as it was before the next call. */
  async *#live(): AsyncGenerator<string> {
    yield 'open'
    await this.#opened({ live: true })
    yield 'create'
    this.#open.table('plain', plain)
    for (const rows of [1, 100, MORE_ROWS, 10]) {
      yield 'append'
      this.#append(rows)
      yield 'commit'
      await this.#commit()
    }
    yield 'create with rows'
    this.#describe(0)
    yield 'commit'
    await this.#commit()
    yield 'add a column'
    this.#open.table('rich', rich).addColumn('flag', bool, true)
    yield 'commit'
    await this.#commit()
    yield 'close'
    this.#close()
  }

  /** What a reader does: it shows commits of a writer elsewhere, one after another. */
  async *#read(): AsyncGenerator<string> {
    yield 'open'
    await this.#opened({ access: 'read' })
    yield 'look'
    say(`shows ${contentsOf(this.#open)}`)
    for (let turn = 0; turn < 3; turn++) {
      say('next')
      await this.#next()
      yield 'refresh'
      this.#open.refresh()
      say(`shows ${contentsOf(this.#open)}`)
      yield 'snapshot'
      say(`shows ${this.#open.snapshot(() => contentsOf(this.#open))}`)
    }
    yield 'close'
    this.#open.close()
    this.#store = undefined
  }

  #threw(step: string, error: unknown): void {
    const { code, errno, message, stack } = error as StoaError
    if (error instanceof StoaError) say(`threw ${code} ${step} (errno ${errno}): ${message.replaceAll('\n', ' ')}`)
    else say(`untyped ${step}: ${String(stack).replaceAll('\n', ' ')}`)
  }

  /** After the first failure: another commit, which a failed sync must refuse, and a close. */
  async #end(): Promise<void> {
    if (this.#store === undefined) {
      try {
        await this.#opened()
      } catch (error) {
        return this.#threw('open again', error)
      }
    }
    const isReader = this.#open.access === 'read'
    if (!isReader) {
      try {
        await this.#commit()
      } catch (error) {
        this.#threw('commit again', error)
      }
    }
    try {
      this.#open.close({ discard: true })
    } catch (error) {
      this.#threw('close', error)
    }
  }

  async play(role: string): Promise<void> {
    const steps = role === 'read' ? this.#read() : role === 'live' ? this.#live() : this.#write()
    let step = 'begin'
    let before = ''
    try {
      for await (const next of steps) {
        // To look makes calls of its own, which may fail as well; then the next verb was not called.
        step = `look before ${next}`
        before = this.#store === undefined ? '' : contentsOf(this.#store)
        this.#tell()
        step = next
      }
    } catch (error) {
      this.#threw(step, error)
      // A verb that throws changed nothing, but where memory was lost.
      if (VERBS.has(step) && this.#store !== undefined && !this.#store.closed) {
        const after = contentsOf(this.#store)
        if (after !== before) say(`changed ${before} ${after} ${step}`)
      }
      await this.#end()
    }
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
say('ready')
for (;;) {
  const { value, done } = await lines.next()
  if (done === true) break
  const [role, path] = String(value).split(' ') as [string, string]
  await new Play(path, role === 'async', () => lines.next()).play(role)
  say('over')
}
