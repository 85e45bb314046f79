import type { ColumnDefinition, Role } from '../schema/catalog.ts'
import { type ElementKind, KINDS } from './elements.ts'
import { quoted } from '../errors.ts'
import { LanesStorage } from './lanes-storage.ts'
import { Region } from './region.ts'
import { ScalarStorage } from './scalar-storage.ts'
import { checkReadable } from '../schema/schema.ts'
import type { Session } from '../session.ts'
import type { Storage } from './storage.ts'
import { TextStorage } from './text-storage.ts'
import { StoredType } from '../schema/types.ts'

/** What messages call a column. */
export function columnTitle(table: string, name: string): string {
  return `column ${quoted(name)} of table ${quoted(table)}`
}

/** What messages call an array. */
export function arrayTitle(name: string): string {
  return `array ${quoted(name)}`
}

/** The storage of a column, over its regions. */
export function createStorage(
  session: Session,
  title: string,
  { name, type, regions }: ColumnDefinition,
  slot: number,
): Storage {
  checkReadable(type, title, session.path)
  const open = (role: Role, kind: ElementKind, what: string): Region | undefined => {
    const region = regions[role]
    return region && new Region(session, kind, what, region)
  }
  const data = new Region(session, StoredType.kind(type), title, regions.data)
  const parts = {
    session,
    name,
    type,
    title,
    slot,
    data,
    validity: open('validity', KINDS.bits, `the validity of ${title}`),
  }
  switch (StoredType.coding(type)) {
    case 'lanes':
      return new LanesStorage(parts)
    case 'utf8':
      return new TextStorage(parts, open('heap', KINDS.u8, `the text of ${title}`) as Region)
    default:
      return new ScalarStorage(parts, open('labels', KINDS.u8, `the labels of ${title}`))
  }
}
