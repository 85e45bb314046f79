import type { ElementKind, TypedArray } from './elements.ts'
import { found, quoted } from './errors.ts'
import { fixedLabels, Labels, type LabelSet } from './labels.ts'
import { isWellFormed } from './names.ts'
import type { NativeRegion } from './native.ts'
import { suggestion } from './nearest.ts'
import type { Region } from './region.ts'
import type { Session } from './session.ts'
import { type Coding, StoredType } from './types.ts'

/** A value as it lies in memory; a string is a label that its dictionary does not hold yet. */
export type Encoded = number | bigint | string

/** One column's place in the file: its type, its regions, and how values go in and out. */
export class Storage {
  readonly name: string
  readonly type: StoredType
  readonly kind: ElementKind
  readonly coding: Coding
  /** One element a row. */
  readonly data: Region
  /** What codes stand for: of oneOf and symbol columns. */
  readonly labels: LabelSet | undefined
  /** The labels again where they can grow. */
  readonly dictionary: Labels | undefined
  /** What messages call it: `column 'price' of table 'trades'`. */
  readonly title: string

  constructor(
    session: Session,
    name: string,
    type: StoredType,
    title: string,
    data: Region,
    labels: Region | undefined,
  ) {
    this.name = name
    this.type = type
    this.kind = StoredType.kind(type)
    this.coding = StoredType.coding(type)
    this.title = title
    this.data = data
    this.dictionary = labels && new Labels(session, labels)
    this.labels = this.dictionary ?? (type.labels && fixedLabels(type.labels))
  }

  /** Every region, for dropping and the like. */
  get regions(): Region[] {
    return this.dictionary === undefined ? [this.data] : [this.data, this.dictionary.region]
  }

  /** Makes the memory and the labels ready for reading and writing. */
  bind(): TypedArray {
    this.dictionary?.load()
    return this.data.bind()
  }

  /** After a rollback: the regions as they are now, by id. */
  restore(regions: ReadonlyMap<number, NativeRegion>): void {
    for (const region of this.regions) region.restore(regions.get(region.id) as NativeRegion)
    this.dictionary?.restore()
  }

  /** Checks a value and gives its element: a wrong type is a TypeError, one out of range a RangeError. */
  encode(value: unknown): Encoded {
    switch (this.coding) {
      case 'number':
        if (typeof value !== 'number') throw this.wrongType('a number', value)
        return this.kind.range === undefined ? value : this.#whole(value)
      case 'bigint':
        if (typeof value !== 'bigint') throw this.wrongType('a bigint', value)
        return this.#whole(value)
      case 'bool':
        if (typeof value !== 'boolean') throw this.wrongType('true or false', value)
        return value ? 1 : 0
      case 'timestamp':
        return this.#milliseconds(value)
      case 'labels':
      case 'symbol':
        return this.#code(value)
    }
  }

  decode(element: number | bigint | undefined): unknown {
    switch (this.coding) {
      case 'bool':
        return element !== 0
      case 'labels':
      case 'symbol':
        return this.labels?.list[element as number]
      default:
        return element
    }
  }

  /** Writes what {@link encode} gave. Cannot fail: there must be room, and a new label must be in the dictionary. */
  write(row: number, encoded: Encoded): void {
    this.data.view[row] = (typeof encoded === 'string' ? this.labels?.codes.get(encoded) : encoded) as never
  }

  wrongType(expected: string, value: unknown): TypeError {
    return new TypeError(`${this.title} is ${this.type.name} and takes ${expected}, found ${found(value)}`)
  }

  /** The code of a label, for `codeOf`. */
  labelSet(): LabelSet {
    if (this.labels === undefined) {
      throw new TypeError(`${this.title} is ${this.type}: only symbol and oneOf have labels`)
    }
    this.dictionary?.load()
    return this.labels
  }

  #whole<N extends number | bigint>(value: N): N {
    const [min, max] = this.kind.range as readonly [N, N]
    if (value >= min && value <= max && (typeof value === 'bigint' || Number.isInteger(value))) return value
    throw new RangeError(
      `${this.title} is ${this.type} and takes whole numbers from ${min} to ${max}, found ${found(value)}`,
    )
  }

  #milliseconds(value: unknown): number {
    if (typeof value === 'number') return value
    if (!(value instanceof Date)) throw this.wrongType('a number of milliseconds or a Date', value)
    const time = value.getTime()
    if (Number.isNaN(time)) throw new RangeError(`${this.title} is ${this.type} and cannot hold an invalid Date`)
    return time
  }

  #code(value: unknown): Encoded {
    if (typeof value !== 'string')
      throw this.wrongType(this.coding === 'symbol' ? 'a string' : 'one of its labels', value)
    const labels = this.labelSet()
    const code = labels.codes.get(value)
    if (code !== undefined) return code
    if (this.coding === 'symbol') {
      if (isWellFormed(value)) return value
      throw new TypeError(`${this.title} cannot hold ${quoted(value)}: it has a lone surrogate and no UTF-8`)
    }
    throw new TypeError(
      `${this.title} takes one of ${labels.list
        .slice(0, 10)
        .map((label) => quoted(label))
        .join(', ')}${labels.list.length > 10 ? ', …' : ''}, found ${quoted(value)}${suggestion(value, labels.list)}`,
    )
  }
}
