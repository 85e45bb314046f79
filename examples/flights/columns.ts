// The table that the example fills: its columns, and a batch of rows as the source gives them.
import { i16, type Store, symbol, type Table, timestamp, u16 } from 'stoa'

export const columns = {
  date: timestamp, // scheduled departure, local time of the airport; kept as if it were UTC
  delay: i16, // minutes of delay at arrival; negative is early
  distance: u16, // miles
  origin: symbol,
  destination: symbol,
}

export type FlightsTable = Table<typeof columns>

export function flightsTable(store: Store): FlightsTable {
  return store.table('flights', columns)
}

/** Consecutive rows of the source, column by column. */
export interface Batch {
  readonly start: number
  readonly end: number
  readonly date: Float64Array
  readonly delay: Int16Array
  readonly distance: Uint16Array
  readonly origin: readonly string[]
  readonly destination: readonly string[]
}
