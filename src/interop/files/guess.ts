import { bool, f64, i64, nullable, symbol, timestamp, type Type, utf8 } from '../../schema/types.ts'
import { isWhole, numberOf } from './text-value.ts'
import { isTime } from './time-text.ts'

/** Text that differs in less than every tenth of so many rows, or more, repeats. */
const REPEATING_ROWS_MIN = 100
const REPEATING_SHARE = 10

/** Gathers values of a column, and guesses what type they are of. */
export class Guess {
  #count = 0
  #isBool = true
  #isNumber = true
  #isWhole = true
  #isExact = true
  #isTime = true
  readonly #different = new Set<string>()

  /** A value that is not null, as text. */
  see(text: string): void {
    this.#count++
    this.#different.add(text)
    if (this.#isBool) this.#isBool = /^(?:true|false)$/i.test(text)
    if (this.#isTime) this.#isTime = isTime(text)
    if (!this.#isNumber) return
    const number = numberOf(text)
    // A postal code with a zero in front is a name.
    this.#isNumber = number !== undefined && !/^[+-]?0\d/.test(text)
    this.#isWhole &&= isWhole(text)
    this.#isExact &&= number === undefined || !Number.isInteger(number) || Number.isSafeInteger(number)
  }

  /**
   * All of it can be null: the rows that were not seen may hold one. What is text to the file may be a time, but is
   * no number and no truth value.
   */
  type(isText = false): Type {
    return nullable(this.#type(isText))
  }

  #type(isText: boolean): Type {
    if (this.#count === 0) return utf8
    if (this.#isBool && !isText) return bool
    if (this.#isNumber && !isText) return this.#isWhole && !this.#isExact && this.#fitsBigInt() ? i64 : f64
    if (this.#isTime) return timestamp
    const repeats = this.#count >= REPEATING_ROWS_MIN && this.#different.size * REPEATING_SHARE <= this.#count
    return repeats ? symbol : utf8
  }

  #fitsBigInt(): boolean {
    return [...this.#different].every((text) => BigInt.asIntN(64, BigInt(text)) === BigInt(text))
  }
}
