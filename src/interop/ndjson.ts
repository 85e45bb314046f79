export { readNdjson } from './ndjson/read-ndjson.ts'
export { writeNdjson } from './ndjson/write-ndjson.ts'
export type { ExportOptions, ExportProgress } from './files/export-rows.ts'
export type { ImportOptions, ImportProgress } from './files/import-options.ts'
