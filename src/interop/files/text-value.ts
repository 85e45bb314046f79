import { excerpt } from '../../errors.ts'
import { StoredType } from '../../schema/types.ts'
import { millisecondsOf, textOfMilliseconds, textOfUnits, unitsOf } from './time-text.ts'

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const WHOLE = /^[+-]?\d+$/
const HEX = /^(?:[\da-f]{2})*$/i

/** Floats that are no decimal numbers, as programs write them. */
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['nan', Number.NaN],
  ['inf', Infinity],
  ['+inf', Infinity],
  ['-inf', -Infinity],
  ['infinity', Infinity],
  ['+infinity', Infinity],
  ['-infinity', -Infinity],
])

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
])

/** A decimal number, or undefined. */
export function numberOf(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : SPECIAL.get(text.toLowerCase())
}

/** Whether text is digits alone, perhaps with a sign. */
export function isWhole(text: string): boolean {
  return WHOLE.test(text)
}

/** What makes text a value of a type. It throws a TypeError where it is none; the column checks the rest. */
export function textParser(type: StoredType): (text: string) => unknown {
  const inner = StoredType.inner(type)
  switch (StoredType.coding(inner)) {
    case 'number':
      return (text) => numberOf(text) ?? wrong(text, 'a number')
    case 'bigint': {
      const { unit } = inner
      const whole = (text: string): bigint | undefined => (isWhole(text) ? BigInt(text) : undefined)
      if (unit === undefined) return (text) => whole(text) ?? wrong(text, 'a whole number')
      return (text) => whole(text) ?? unitsOf(text, unit) ?? wrong(text, 'a time')
    }
    case 'bool':
      return (text) => BOOLEANS.get(text.toLowerCase()) ?? wrong(text, 'true or false')
    case 'timestamp':
      return (text) => numberOf(text) ?? millisecondsOf(text) ?? wrong(text, 'a time')
    case 'lanes':
      return inner.type === undefined ? bytesParser(inner) : lanesParser(inner.type)
    default:
      return (text) => text
  }
}

function bytesParser({ length }: StoredType): (text: string) => unknown {
  return (text) => {
    if (HEX.test(text)) return Buffer.from(text, 'hex')
    return wrong(text, `${length} bytes in hexadecimal`)
  }
}

function lanesParser(type: StoredType): (text: string) => unknown {
  const parse = textParser(type)
  return (text) => {
    if (!text.startsWith('[') || !text.endsWith(']')) return wrong(text, 'numbers between brackets')
    const lanes = text.slice(1, -1)
    return lanes.trim() === '' ? [] : lanes.split(',').map((lane) => parse(lane.trim()))
  }
}

function wrong(text: string, expected: string): never {
  throw new TypeError(`found ${excerpt(text)} where ${expected} was expected`)
}

/** What makes a value of a type, which is not null, text that {@link textParser} reads back. */
export function textWriter(type: StoredType): (value: unknown) => string {
  const inner = StoredType.inner(type)
  const { unit } = inner
  if (unit !== undefined) return (value) => textOfUnits(value as bigint, unit)
  switch (StoredType.coding(inner)) {
    case 'timestamp':
      return (value) => textOfMilliseconds(value as number)
    case 'number':
      // String() has no sign for it.
      return (value) => (Object.is(value, -0) ? '-0' : `${value as number}`)
    case 'lanes': {
      if (inner.type === undefined) return (value) => Buffer.from(value as Uint8Array).toString('hex')
      const write = textWriter(inner.type)
      return (value) => `[${Array.from(value as ArrayLike<unknown>, (lane) => write(lane)).join(',')}]`
    }
    default:
      return (value) => `${value as string | boolean | bigint}`
  }
}
