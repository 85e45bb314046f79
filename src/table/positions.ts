import { found } from '../errors.ts'

/** An index as `Array.prototype.at` reads it: from the end when negative; -1 when there is no such place. */
export function relativePosition(index: number, length: number): number {
  const whole = Math.trunc(Number(index)) || 0
  const position = whole < 0 ? length + whole : whole
  return position >= 0 && position < length ? position : -1
}

/** The place of an existing row to be written: a whole number, from the end when negative, else a RangeError. */
export function existingPosition(index: number, length: number, where: string): number {
  if (typeof index !== 'number') throw new TypeError(`the index into ${where} must be a number, found ${found(index)}`)
  const position = Number.isInteger(index) ? relativePosition(index, length) : -1
  if (position >= 0) return position
  throw new RangeError(`there is no row ${index} in ${where}: it has ${length} rows; nothing was changed`)
}

/** A place between rows, before the first to behind the last: a whole number, from the end when negative. */
export function insertPosition(index: number, length: number, where: string): number {
  if (typeof index !== 'number') throw new TypeError(`the index into ${where} must be a number, found ${found(index)}`)
  const position = index < 0 ? length + index : index
  if (Number.isInteger(index) && position >= 0 && position <= length) return position
  throw new RangeError(`there is no place ${index} in ${where}: it has ${length} rows; nothing was changed`)
}

/** The first of `count` existing rows, from the end when negative, else a RangeError. */
export function existingRange(index: number, count: number, length: number, where: string): number {
  checkCount(count, 'the number of rows to remove')
  const position = insertPosition(index, length, where)
  if (position + count <= length) return position
  throw new RangeError(`there are no ${count} rows at ${index} in ${where}: it has ${length} rows; nothing was changed`)
}

/** A range as `Array.prototype.slice` reads it. */
export function slicePosition(index: number | undefined, length: number, otherwise: number): number {
  if (index === undefined) return otherwise
  const whole = Math.trunc(Number(index)) || 0
  return whole < 0 ? Math.max(length + whole, 0) : Math.min(whole, length)
}

/** A count or a length given by the user: a whole number, not negative. */
export function checkCount(count: number, what: string): void {
  if (typeof count !== 'number') throw new TypeError(`${what} must be a number, found ${found(count)}`)
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`${what} must be a whole number, not negative, found ${found(count)}`)
  }
}
