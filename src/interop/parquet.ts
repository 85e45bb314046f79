/**
 * Parquet files in and out. Needs the packages `hyparquet` to read, with `hyparquet-compressors` for other codecs than
 * SNAPPY, and `hyparquet-writer` to write.
 *
 * @module stoa/parquet
 */
export { readParquet } from './parquet/read-parquet.ts'
export { writeParquet, type WriteParquetOptions } from './parquet/write-parquet.ts'
export type { ExportOptions, ExportProgress } from './files/export-rows.ts'
export type { ImportOptions, ImportProgress } from './files/import-options.ts'
