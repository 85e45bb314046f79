// Three million flights, a Parquet file of the package vega-datasets. That exports its code alone, from `build`; the data
// lies beside.
import { fileURLToPath } from 'node:url'

export const FLIGHTS_PATH: string = fileURLToPath(
  new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')),
)
