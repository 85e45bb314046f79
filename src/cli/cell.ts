import { textWriter } from '../interop/files/text-value.ts'
import { StoredType } from '../schema/types.ts'
import { printable } from './printable.ts'

/** Characters of a text that are looked at: no cell is as wide. */
const CHARACTERS_MAX = 200
/** Elements of a vector, and bytes, that are shown. */
const LANES_MAX = 8
const BYTES_MAX = 16

/** What makes a value of a type text for a person: on one line, not longer than a cell needs, safe for a terminal. */
export function cellWriter(type: StoredType): (value: unknown) => string {
  const write = valueWriter(StoredType.inner(type))
  return (value) => (value === null || value === undefined ? 'null' : write(value))
}

function valueWriter(type: StoredType): (value: unknown) => string {
  const text = textWriter(type)
  switch (type.name) {
    case 'f16':
      return (value) => shortest(value as number, 5)
    case 'f32':
      return (value) => shortest(value as number, 9)
    case 'bytes':
      return (value) => {
        const bytes = value as Uint8Array
        return text(bytes.subarray(0, BYTES_MAX)) + (bytes.length > BYTES_MAX ? '…' : '')
      }
    case 'vector': {
      const write = valueWriter(type.type as StoredType)
      return (value) => {
        const lanes = value as Float64Array
        const shown = Array.from(lanes.subarray(0, LANES_MAX), (lane) => write(lane)).join(', ')
        return lanes.length > LANES_MAX ? `[${shown}, … ${lanes.length} in all]` : `[${shown}]`
      }
    }
    case 'utf8':
    case 'symbol':
    case 'oneOf':
      return (value) => printable((value as string).slice(0, CHARACTERS_MAX))
    default:
      return text
  }
}

/** The fewest digits that are the same float: 0.1, not 0.10000000149011612. */
function shortest(value: number, digitsMax: number): string {
  for (let digits = 1; digits < digitsMax; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return `${short}`
  }
  return `${value}`
}

/** Numbers and times are read from their last digit, all else from its first character. */
export function cellSide(type: StoredType): 'left' | 'right' {
  const coding = StoredType.coding(type)
  return coding === 'number' || coding === 'bigint' ? 'right' : 'left'
}
