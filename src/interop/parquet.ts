export { readParquet } from './parquet/read-parquet.ts'
export { writeParquet, type WriteParquetOptions } from './parquet/write-parquet.ts'
export type { ExportOptions, ExportProgress } from './files/export-rows.ts'
export type { ImportOptions, ImportProgress } from './files/import-options.ts'
