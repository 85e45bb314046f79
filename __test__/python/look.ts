// Opens files as a reader and tells what it finds, a line each: the code of the error, or the rows of each table, the
// arrays, and the rows of the table of histories where there is one.
import { open, StoaError } from '../../src/index.ts'

function look(path: string): unknown {
  try {
    const store = open(path, { access: 'read' })
    try {
      const rows = store.tables().map((name) => [name, store.table(name).length])
      const history = store.tables().includes('t') && 'n' in store.table('t').schema ? [...store.table('t')] : undefined
      return { commit: store.commitId, rows: Object.fromEntries(rows) as object, arrays: store.arrays(), history }
    } finally {
      store.close()
    }
  } catch (error) {
    if (error instanceof StoaError) return { code: error.code }
    throw error
  }
}

for (const path of process.argv.slice(2)) console.log(JSON.stringify(look(path)))
