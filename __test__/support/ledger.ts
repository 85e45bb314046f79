import { f64, nullable, open, type OpenOptions, type Store, symbol, type Table, u32, utf8 } from '../../src/index.ts'

/** Rows of accounts: each column takes several pages, so that a commit is written home in many steps. */
export const ACCOUNTS = 4000
const columns = {
  accounts: { credit: f64, debit: f64 },
  log: { n: u32, square: f64, sym: symbol, text: nullable(utf8) },
}

/** A store that keeps invariants across its columns and tables from commit to commit, if it is seen whole. */
export class Ledger {
  readonly store: Store
  readonly accounts: Table<(typeof columns)['accounts']>
  readonly log: Table<(typeof columns)['log']>

  constructor(store: Store) {
    this.store = store
    this.accounts = store.table('accounts', columns.accounts)
    this.log = store.table('log', columns.log)
  }

  /** For writing; made where it is missing. */
  static open(path: string, options?: OpenOptions): Ledger {
    const ledger = new Ledger(open(path, options))
    if (ledger.accounts.length === 0) {
      const zeros = new Float64Array(ACCOUNTS)
      ledger.accounts.append({ credit: zeros, debit: zeros })
      ledger.store.commitSync()
    }
    return ledger
  }

  /** Moves money between columns and rows, adds rows that are numbered through, and replaces labels and text in place. */
  change(below: (limit: number) => number, rows = below(20) + 1): void {
    const { accounts, log } = this
    for (let count = 50; count > 0; count--) {
      const amount = below(100)
      for (const column of ['credit', 'debit'] as const) {
        const view = accounts.arrays[column]
        const at = below(ACCOUNTS)
        view[at] = (view[at] as number) + (column === 'credit' ? amount : -amount)
      }
    }
    for (let count = rows; count > 0; count--) log.push(row(log.length, log.length))
    for (let count = 3; count > 0; count--) {
      const at = below(log.length)
      // Long after its row another text, with a label that was never there before.
      log.set(at, { sym: row(at, log.length).sym, text: row(at, log.length).text })
    }
  }

  /** What does not fit: nothing, unless the store is seen torn. */
  faults(): string[] {
    const { accounts, log } = this
    const found: string[] = []
    const [credit, debit] = [accounts.sum('credit'), accounts.sum('debit')]
    if (credit + debit !== 0) found.push(`credit ${credit}, debit ${debit}`)
    const { n, square } = log.arrays
    if (n.length !== log.length) found.push(`${n.length} numbers in ${log.length} rows`)
    for (let at = 0; at < n.length; at++)
      if (n[at] !== at || square[at] !== at * at) found.push(`row ${at} is ${n[at]}`)
    for (let step = 1; step < 30 && step < log.length; step++) {
      const { n: at, sym, text } = log.at(-step) as { n: number; sym: string; text: string | null }
      if (!sym.startsWith(`${at}/`) || (text !== null && text !== `${'row '.repeat(at % 7)}${sym}`)) {
        found.push(`row ${at} has ${sym} and ${text}`)
      }
    }
    return found
  }
}

/** The row of a number, as it is once the log is so long. */
function row(n: number, length: number): { n: number; square: number; sym: string; text: string | null } {
  const sym = `${n}/${length}`
  return { n, square: n * n, sym, text: n % 5 === 0 ? null : `${'row '.repeat(n % 7)}${sym}` }
}
