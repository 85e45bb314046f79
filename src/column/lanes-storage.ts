import { elementCount, kindOf, type TypedArray } from './elements.ts'
import { found } from '../errors.ts'
import { wholeOf } from './scalar-storage.ts'
import { StagedStorage } from './staged-storage.ts'
import type { Encoded, Lanes, StorageParts } from './storage.ts'

/** A column of `bytes` or `vector`: a row is a piece of the column's typed array. */
export class LanesStorage extends StagedStorage {
  readonly #staged: TypedArray

  constructor(parts: StorageParts) {
    super(parts)
    this.#staged = new this.kind.Array(this.data.stride)
  }

  override copy(row: number): unknown {
    return (this.read(row) as TypedArray | null)?.slice() ?? null
  }

  protected override encodeValue(value: unknown): TypedArray {
    return this.#encodeInto(new this.kind.Array(this.data.stride), value)
  }

  protected override writeValue(row: number, encoded: Exclude<Encoded, null>): void {
    ;(this.data.view as Uint8Array).set(encoded as ArrayLike<number>, row * this.data.stride)
  }

  protected override readValue(row: number): TypedArray {
    const { data } = this
    const start = row * data.stride
    const view = start < data.view.length ? data.view : data.bind()
    return view.subarray(start, start + data.stride)
  }

  protected override stageValue(value: unknown): boolean {
    try {
      this.#encodeInto(this.#staged, value)
      return true
    } catch {
      // The plain way throws it again.
      return false
    }
  }

  protected override putValue(row: number): void {
    ;(this.data.view as Uint8Array).set(this.#staged as Uint8Array, row * this.data.stride)
  }

  #encodeInto(target: TypedArray, value: unknown): TypedArray {
    const { stride } = this.data
    const kind = kindOf(value)
    if (kind === undefined && (typeof value !== 'object' || value === null || !('length' in value))) {
      throw this.wrongType(`an array of ${stride}`, value)
    }
    const lanes = value as Lanes
    const length = kind === undefined ? lanes.length : elementCount(lanes as TypedArray)
    if (length !== stride) {
      throw new RangeError(`${this.title} is ${this.type} and takes ${stride} elements, found ${found(length)}`)
    }
    if (kind === this.kind) {
      ;(target as Uint8Array).set(lanes as Uint8Array)
      return target
    }
    const isBig = typeof this.kind.zero === 'bigint'
    for (let lane = 0; lane < stride; lane++) {
      const element: unknown = lanes[lane]
      if (typeof element !== (isBig ? 'bigint' : 'number')) {
        throw this.wrongType(`${isBig ? 'bigints' : 'numbers'}, element ${lane} is`, element)
      }
      target[lane] = (this.kind.range === undefined ? element : wholeOf(this, element as number)) as never
    }
    return target
  }
}
