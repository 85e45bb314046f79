import { quoted } from './errors.ts'
import type { NativeProblem, NativeReport } from './native.ts'
import type { Definition, Role } from './schema/catalog.ts'
import type { Contents } from './schema/contents.ts'

/** What `verify()` found. */
export interface VerifyReport {
  /** Nothing is wrong with what could be checked. */
  ok: boolean
  /** Of the file, compared with a checksum. What a live store wrote has none. */
  bytesChecked: number
  /** What is not as it was written, at most about a hundred. */
  problems: {
    /** `column 'price' of table 'trades', rows 512 to 1023`, `header slot B`. */
    where: string
    /** What was found against what was expected. */
    message: string
  }[]
}

const PLACES: Readonly<Record<string, string>> = {
  identity: 'the first bytes of the file',
  directory: 'directory of the tables and columns',
  log: 'log',
  published: 'what the writer tells its readers',
  checksums: 'table of checksums',
}

/** A region's column, and what it is for. */
interface Owner {
  readonly column: string
  readonly isArray: boolean
  readonly role: Role
}

export function verifyReport({ bytesChecked, problems, moreProblems }: NativeReport, contents: Contents): VerifyReport {
  const owners = new Map<string, Owner>()
  for (const definition of contents.definitions()) addOwners(owners, definition)
  const told = problems.map((problem) => ({ where: where(problem, owners), message: problem.message }))
  if (moreProblems > 0) told.push({ where: `${moreProblems} more places`, message: 'not told one by one' })
  return { ok: told.length === 0, bytesChecked, problems: told }
}

function addOwners(owners: Map<string, Owner>, { name, isArray, columns }: Definition): void {
  for (const column of columns) {
    const title = isArray ? `array ${quoted(name)}` : `column ${quoted(column.name)} of table ${quoted(name)}`
    for (const [role, region] of Object.entries(column.regions)) {
      owners.set(region.name, { column: title, isArray, role: role as Role })
    }
  }
}

function where({ place, number, name, start, end }: NativeProblem, owners: ReadonlyMap<string, Owner>): string {
  if (place === 'header') return `header slot ${number === 0 ? 'A' : 'B'}`
  if (place !== 'region') return PLACES[place] ?? place
  // It was dropped or renamed since that commit: its name tells the table and column of then.
  const { column, isArray, role } = owners.get(name) ?? formerOwner(name)
  if (role === 'labels') return `${column}, labels`
  if (role === 'heap') return `${column}, text`
  // Eight rows to a byte.
  const [first, last] = role === 'validity' ? [start * 8, end * 8 - 1] : [start, end - 1]
  const one = isArray ? 'element' : 'row'
  const rows = first === last ? `${one} ${first}` : `${one}s ${first} to ${last}`
  return role === 'validity' ? `${column}, which of ${rows} are null` : `${column}, ${rows}`
}

function formerOwner(name: string): Owner {
  const [owner = '', column = '', role = 'data'] = name.split('\0')
  const isArray = column === ''
  const title = isArray ? `array ${quoted(owner)}` : `column ${quoted(column)} of table ${quoted(owner)}`
  return { column: title, isArray, role: role as Role }
}
