import { Storage } from './storage.ts'

/** A small integer. */
const TURN_MAX = 2 ** 30 - 1

/**
 * A column whose values take more than one store to write. Generated code stages the values of a row, which checks them
 * and runs whatever code of the user they bring along, and then puts them, which cannot fail.
 */
export abstract class StagedStorage extends Storage {
  /** Tells values staged one after the other apart. */
  turn = 0
  #isNull = false

  /** Takes a value to be put next; false where that needs growth or ends in an error. */
  stage(value: unknown): boolean {
    const isNull = value === null
    const turn = (this.turn + 1) & TURN_MAX
    this.turn = turn
    const isStaged = isNull ? this.validity !== undefined : this.stageValue(value)
    this.#isNull = isNull
    // Code of the user's may have staged another value meanwhile, over this one.
    return isStaged && this.turn === turn
  }

  /** Writes what was staged. There must be room for the row. */
  put(row: number): void {
    if (this.#isNull) this.writeNull(row)
    else {
      this.validity?.put(row, true)
      this.putValue(row)
    }
  }

  /** Whether the memory at hand has the row. */
  hasRoom(row: number): boolean {
    const { data, validity } = this
    return row * data.stride < data.view.length && (validity === undefined || row < validity.region.view.length * 8)
  }

  protected abstract stageValue(value: unknown): boolean
  protected abstract putValue(row: number): void
}
