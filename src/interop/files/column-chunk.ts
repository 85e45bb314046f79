import { ScalarStorage } from '../../column/scalar-storage.ts'
import type { Storage } from '../../column/storage.ts'
import { type Chunk, chunkBuilder, ElementsChunk } from '../../table/chunk.ts'
import { fitting } from './table-import.ts'

/** Values of one column of a file. */
export interface FileValues {
  readonly path: string
  readonly values: ArrayLike<unknown>
  /** Makes a value of the file, which is not null, one of the column. */
  readonly convert: (value: unknown) => unknown
  /** What messages call the place of a value. */
  place(at: number): string
}

/** A chunk of the values from `from` up to `to`, each checked; null and undefined are null. */
export function chunkOfFile(storage: Storage, source: FileValues, from: number, to: number): Chunk {
  const filler = storage instanceof ScalarStorage ? new ScalarFiller(storage, to - from) : new BuilderFiller(storage)
  const { values, convert } = source
  let at = from
  try {
    if (filler instanceof ScalarFiller && storage.labels !== undefined) at = filler.labels(values, from, to, convert)
    else
      for (; at < to; at++) {
        const value = values[at]
        filler.push(value === undefined || value === null ? null : convert(value))
      }
    return filler.finish()
  } catch (error) {
    const place = source.place(filler.length + from)
    return fitting(
      source.path,
      () => {
        throw error
      },
      place,
    )
  }
}

/** Numbers, codes and the like, straight into their elements: what is plainly right is not asked again. */
class ScalarFiller {
  length = 0
  readonly #storage: ScalarStorage
  readonly #elements: Float64Array
  readonly #nulls: number[] = []
  readonly #min: number
  readonly #max: number
  readonly #isNumber: boolean
  readonly #isWhole: boolean
  #known = 0
  readonly #fresh = new Map<string, number>()

  constructor(storage: ScalarStorage, rows: number) {
    const { kind, coding } = storage
    this.#storage = storage
    this.#elements = new kind.Array(rows) as Float64Array
    this.#isNumber = coding === 'number' || coding === 'timestamp'
    this.#isWhole = kind.range !== undefined
    const [min, max] = this.#isNumber && kind.range ? kind.range : [-Infinity, Infinity]
    this.#min = min as number
    this.#max = max as number
  }

  push(value: unknown): void {
    if (typeof value === 'number' && this.#isNumber) {
      const isRight = value >= this.#min && value <= this.#max && (!this.#isWhole || Number.isInteger(value))
      this.#elements[this.length] = isRight ? value : (this.#storage.encode(value) as number)
    } else {
      const encoded = this.#storage.encode(value)
      if (encoded === null) this.#nulls.push(this.length)
      else this.#elements[this.length] = encoded as number
    }
    this.length++
  }

  /** Labels from `from` up to `to`: each that differs is looked up once. */
  labels(values: ArrayLike<unknown>, from: number, to: number, convert: (value: unknown) => unknown): number {
    const storage = this.#storage
    const elements = this.#elements
    const codes = new Map<unknown, number>()
    this.#known = storage.labelSet().list.length
    for (let at = from; at < to; at++) {
      const value = values[at]
      let code = codes.get(value)
      if (code === undefined) {
        const encoded = storage.encode(value === undefined || value === null ? null : convert(value))
        if (encoded === null) {
          this.#nulls.push(this.length++)
          continue
        }
        code = typeof encoded === 'string' ? this.#freshCode(encoded) : (encoded as number)
        codes.set(value, code)
      }
      elements[this.length++] = code
    }
    return to
  }

  finish(): Chunk {
    return new ElementsChunk(this.#storage, this.#elements, this.#nulls, this.#known, [...this.#fresh.keys()])
  }

  #freshCode(label: string): number {
    const known = this.#fresh.get(label)
    if (known !== undefined) return known
    const code = this.#known + this.#fresh.size
    // A copy: labels stay, and a part of a string keeps the whole piece of the file in memory.
    this.#fresh.set(Buffer.from(label).toString(), code)
    return code
  }
}

/** Everything else, value by value. */
class BuilderFiller {
  length = 0
  readonly #storage: Storage
  readonly #builder: ReturnType<typeof chunkBuilder>

  constructor(storage: Storage) {
    this.#storage = storage
    this.#builder = chunkBuilder(storage)
  }

  push(value: unknown): void {
    this.#builder.push(this.#storage.encode(value))
    this.length++
  }

  finish(): Chunk {
    return this.#builder.finish()
  }
}
