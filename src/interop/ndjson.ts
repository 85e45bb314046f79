/**
 * Files of a JSON object a line, in and out. Needs no package.
 *
 * @module stoa/ndjson
 */
export { readNdjson } from './ndjson/read-ndjson.ts'
export { writeNdjson } from './ndjson/write-ndjson.ts'
export type { ExportOptions, ExportProgress } from './files/export-rows.ts'
export type { ImportOptions, ImportProgress } from './files/import-options.ts'
