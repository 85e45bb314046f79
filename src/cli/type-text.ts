import { quoted } from '../errors.ts'
import { typeFromRecord, type TypeRecord } from '../schema/type-record.ts'
import type { Type } from '../schema/types.ts'

/** A type as messages and `stoa info` write it: `f64`, `nullable(utf8)`, `vector(f32, 3)`. A TypeError for others. */
export function typeOf(text: string): Type {
  return typeFromRecord(recordOf(text)) as unknown as Type
}

function recordOf(text: string): TypeRecord {
  const match = /^\s*(\w+)\s*(?:\((.*)\))?\s*$/su.exec(text)
  if (match === null)
    throw new TypeError(`${quoted(text)} is no type; types are written as f64, nullable(utf8), bytes(16)`)
  const [, name = '', inside] = match
  if (inside === undefined) return name
  switch (name) {
    case 'nullable':
      return { name, type: recordOf(inside) }
    case 'vector': {
      const comma = inside.lastIndexOf(',')
      if (comma < 0) throw new TypeError(`${quoted(text)} lacks its length: vector(f32, 3)`)
      return { name, type: recordOf(inside.slice(0, comma)), length: Number(inside.slice(comma + 1)) }
    }
    case 'bytes':
      return { name, length: Number(inside) }
    case 'timestamp64':
      return { name, unit: unquoted(inside) }
    default:
      return { name, labels: inside.split(',').map((label) => unquoted(label)) }
  }
}

function unquoted(text: string): string {
  return text.trim().replace(/^(['"])(.*)\1$/su, '$2')
}
