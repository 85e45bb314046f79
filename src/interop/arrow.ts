/**
 * Tables as Apache Arrow tables over the same memory, and Arrow tables and files in and out. Needs the package `apache-arrow`.
 *
 * @module stoa/arrow
 */
export { toArrow, type ToArrowOptions } from './arrow/to-arrow.ts'
export type { ArrowColumns, ArrowTypeOf } from './arrow/arrow-types.ts'
export { columnsFromArrow, fromArrow } from './arrow/from-arrow.ts'
export { readArrow, writeArrow, type WriteArrowOptions } from './arrow/arrow-file.ts'
export type { ExportOptions, ExportProgress } from './files/export-rows.ts'
export type { ImportOptions, ImportProgress } from './files/import-options.ts'
