import { dateTime } from './date.ts'
import { excerpt, found, quoted, someLabels, StoaError } from '../errors.ts'
import { fixedLabels, Labels, type LabelSet } from './labels.ts'
import type { NativeRegion } from '../native.ts'
import { suggestion } from '../schema/nearest.ts'
import type { Region } from './region.ts'
import { type Encoded, Storage, type StorageParts } from './storage.ts'
import { StoredType } from '../schema/types.ts'

/** A column with one number a row: numbers, times, truth values, and codes that stand for labels. */
export class ScalarStorage extends Storage {
  override readonly labels: LabelSet | undefined
  /** The labels again where they can grow. */
  readonly dictionary: Labels | undefined

  constructor(parts: StorageParts, labels: Region | undefined) {
    super(parts)
    const fixed = StoredType.inner(parts.type).labels
    this.dictionary = labels && new Labels(parts.session, labels)
    this.labels = this.dictionary ?? (fixed && fixedLabels(fixed))
  }

  override get regions(): Region[] {
    return this.dictionary === undefined ? super.regions : [...super.regions, this.dictionary.region]
  }

  override bind(): void {
    super.bind()
    this.dictionary?.load()
  }

  override restore(regions: ReadonlyMap<number, NativeRegion>): void {
    super.restore(regions)
    this.dictionary?.restore()
  }

  override provide(values: Iterable<Encoded>): void {
    const dictionary = this.dictionary?.load()
    if (dictionary === undefined) return
    for (const value of values) if (typeof value === 'string' && !dictionary.codes.has(value)) dictionary.add(value)
  }

  override mark(): (() => void) | undefined {
    const dictionary = this.dictionary?.load()
    if (dictionary === undefined) return undefined
    const { length } = dictionary.list
    const byteLength = dictionary.region.length
    return () => dictionary.cut(length, byteLength)
  }

  override labelSet(): LabelSet {
    if (this.labels === undefined) return super.labelSet()
    this.dictionary?.load()
    return this.labels
  }

  protected override encodeValue(value: unknown): number | bigint | string {
    switch (this.coding) {
      case 'bigint':
        if (typeof value !== 'bigint') throw this.wrongType('a bigint', value)
        return wholeOf(this, value)
      case 'bool':
        if (typeof value !== 'boolean') throw this.wrongType('true or false', value)
        return value ? 1 : 0
      case 'timestamp':
        return this.#milliseconds(value)
      case 'labels':
      case 'symbol':
        return this.#code(value)
      default:
        if (typeof value !== 'number') throw this.wrongType('a number', value)
        return this.kind.range === undefined ? value : wholeOf(this, value)
    }
  }

  protected override writeValue(row: number, encoded: Exclude<Encoded, null>): void {
    this.data.view[row] = (typeof encoded === 'string' ? this.labels?.codes.get(encoded) : encoded) as never
  }

  protected override readValue(row: number): unknown {
    let element = this.data.view[row]
    if (element === undefined || this.dictionary?.isLoaded === false) {
      // Nobody asked for this memory or these labels yet, or the buffer was transferred away.
      this.bind()
      element = this.data.view[row]
    }
    switch (this.coding) {
      case 'bool':
        return element !== 0
      case 'labels':
      case 'symbol':
        return this.labels?.list[element as number] ?? this.#newLabel(row, element as number)
      default:
        return element
    }
  }

  /** On a reader a row may have a label that the writer has added since; elsewhere there is none. */
  #newLabel(row: number, code: number): string {
    const { dictionary, session } = this
    if (dictionary !== undefined && session.reader?.reach(dictionary.region) === true) {
      const label = dictionary.load().list[code]
      if (label !== undefined) return label
    }
    const { access, path } = session
    const remedy = access === 'read' ? 'read it in snapshot(), for a writer may be changing it' : 'set the row again'
    throw new StoaError(
      'ERR_STOA_CORRUPT',
      `row ${row} of ${this.title} in ${quoted(path)} has code ${code}, but there are ${this.labels?.list.length} labels; ${remedy}`,
      { path },
    )
  }

  #milliseconds(value: unknown): number {
    if (typeof value === 'number') return value
    const time = dateTime(value)
    if (time === undefined) throw this.wrongType('a number of milliseconds or a Date', value)
    if (Number.isNaN(time)) throw new RangeError(`${this.title} is ${this.type} and cannot hold an invalid Date`)
    return time
  }

  #code(value: unknown): number | string {
    if (typeof value !== 'string')
      throw this.wrongType(this.coding === 'symbol' ? 'a string' : 'one of its labels', value)
    const labels = this.labelSet()
    const code = labels.codes.get(value)
    if (code !== undefined) return code
    if (this.coding === 'symbol') {
      if (value.isWellFormed()) return value
      throw new TypeError(`${this.title} cannot hold ${excerpt(value)}: it has a lone surrogate and no UTF-8`)
    }
    throw new TypeError(
      `${this.title} takes one of ${someLabels(labels.list)}, found ${excerpt(value)}${suggestion(value, labels.list)}`,
    )
  }
}

/** Checks a whole number against the range of a storage's kind. */
export function wholeOf<N extends number | bigint>(storage: Storage, value: N): N {
  const [min, max] = storage.kind.range as readonly [N, N]
  if (value >= min && value <= max && (typeof value === 'bigint' || Number.isInteger(value))) return value
  throw new RangeError(
    `${storage.title} is ${storage.type} and takes whole numbers from ${min} to ${max}, found ${found(value)}`,
  )
}
