/**
 * CSV files in and out. Needs the package `papaparse`.
 *
 * @module stoa/csv
 */
export { readCsv, type ReadCsvOptions } from './csv/read-csv.ts'
export { writeCsv, type WriteCsvOptions } from './csv/write-csv.ts'
export type { ExportOptions, ExportProgress } from './files/export-rows.ts'
export type { ImportOptions, ImportProgress } from './files/import-options.ts'
