export { readNdjson } from './ndjson/read-ndjson.ts'
export { writeNdjson } from './ndjson/write-ndjson.ts'
export type { ImportOptions, ImportProgress } from './files/import-options.ts'
