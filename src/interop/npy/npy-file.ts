import { type FileHandle, open } from 'node:fs/promises'
import { StoredColumn, type Column } from '../../column/column.ts'
import { found, StoaError } from '../../errors.ts'
import { StoredType, type Type } from '../../schema/types.ts'
import type { Store } from '../../store.ts'
import type { PersistentArray } from '../../table/array.ts'
import { fileError, formatError } from '../files/file-error.ts'
import { filePath } from '../files/file-path.ts'
import { OutputFile } from '../files/output-file.ts'
import { npyHeader, npyHeaderPlace, NPY_PREFIX_BYTES, type NpyHeader, parseNpyHeader } from './npy-header.ts'

/** Bytes that are read or written at once. */
const PIECE_BYTES = 2 ** 20

/**
 * Appends a numpy `.npy` file to an array, which is created where there is none, and gives the array: numbers of any
 * width, `bool`, `datetime64` as `timestamp64`; rows of two dimensions as `vector`. A mebibyte of the file is in memory
 * at a time. Numbers of the other byte order are turned round. Not a time (NaT) is the least `timestamp64`.
 *
 * ERR_STOA_FORMAT for Fortran order, other elements and more dimensions, and for a file that is cut; then the array is
 * as it was. ERR_STOA_SCHEMA where the array has another type. ERR_STOA_NOT_FOUND for a missing file.
 *
 * @example
 * const embeddings = await readNpy(store, 'embeddings', 'embeddings.npy')
 */
export async function readNpy(store: Store, name: string, path: string | URL): Promise<PersistentArray> {
  const file = filePath(path)
  let handle: FileHandle | undefined
  try {
    handle = await open(file)
    const reader = new ByteReader(handle, file)
    const { start, length } = npyHeaderPlace(await reader.at(0, NPY_PREFIX_BYTES), file)
    const header = parseNpyHeader((await reader.at(start, length)).toString('latin1'), file)
    return await readRows(store, name, reader, start + length, header)
  } catch (error) {
    throw fileError(error, 'read', file)
  } finally {
    await handle?.close()
  }
}

/** A file read at any place. */
class ByteReader {
  readonly path: string
  readonly #handle: FileHandle

  constructor(handle: FileHandle, path: string) {
    this.#handle = handle
    this.path = path
  }

  async at(start: number, length: number): Promise<Buffer> {
    // Nothing is believed of a length before the bytes are there.
    const { size } = await this.#handle.stat()
    if (start + length > size) throw formatError(this.path, `it has ${size} bytes, expected ${start + length} or more`)
    const bytes = Buffer.alloc(length)
    for (let done = 0; done < length;) {
      const { bytesRead } = await this.#handle.read(bytes, done, length - done, start + done)
      if (bytesRead === 0) throw formatError(this.path, `it ends at byte ${start + done}`)
      done += bytesRead
    }
    return bytes
  }
}

async function readRows(
  store: Store,
  name: string,
  reader: ByteReader,
  start: number,
  { type, rows, elementBytes, isForeign }: NpyHeader,
): Promise<PersistentArray> {
  const stored = type as unknown as StoredType
  const rowBytes = elementBytes * StoredType.lanes(stored)
  const isNew = !store.arrays().includes(name)
  const array = store.array(name, type)
  const before = array.length
  try {
    const step = Math.max(Math.floor(PIECE_BYTES / rowBytes), 1)
    for (let row = 0; row < rows; row += step) {
      const count = Math.min(step, rows - row)
      const bytes = await reader.at(start + row * rowBytes, count * rowBytes)
      if (isForeign) turn(bytes, elementBytes)
      const { Array } = StoredType.kind(stored)
      array.append(new Array(bytes.buffer, bytes.byteOffset, bytes.length / elementBytes) as never)
    }
  } catch (error) {
    takeBack(store, array, before, isNew)
    throw error
  }
  return array
}

function takeBack(store: Store, array: PersistentArray, length: number, drop: boolean): void {
  // A store that was closed or poisoned meanwhile holds nothing to take back; the failure that is thrown says more.
  try {
    array.truncate(length)
    if (drop) store.drop(array.name)
  } catch {}
}

/** Turns the bytes of each number round. */
function turn(bytes: Buffer, elementBytes: number): void {
  if (elementBytes === 2) bytes.swap16()
  else if (elementBytes === 4) bytes.swap32()
  else bytes.swap64()
}

/**
 * Writes an array, or a column of a table, as a numpy `.npy` file in this machine's byte order: numbers, `bool`,
 * `timestamp64` as `datetime64`, `timestamp` as milliseconds in `float64`, `vector` and `bytes` as rows of two
 * dimensions. A mebibyte is handed on at a time, without a copy. The file appears under its name when it is complete.
 *
 * A TypeError for text, labels, and columns that hold a null: numpy has no such arrays. ERR_STOA_NO_SPACE or ERR_STOA_IO
 * where the file cannot be written; then there is none, or the one from before.
 *
 * @example
 * await writeNpy(trades.columns.price, 'price.npy')
 */
export async function writeNpy<T extends Type>(column: Column<T>, path: string | URL): Promise<void> {
  const given: unknown = column
  if (!(given instanceof StoredColumn)) {
    throw new TypeError(`writeNpy takes an array or a column of a table of this package, found ${found(given)}`)
  }
  const file = filePath(path)
  const { length, name, nullCount } = given
  const type = given.type as unknown as StoredType
  const header = npyHeader(type, length)
  if (header === undefined) throw new TypeError(`'${name}' is ${type}, which numpy has no array of numbers for`)
  if (nullCount > 0) throw new TypeError(`'${name}' holds ${nullCount} nulls, and a numpy array none; fill them first`)
  const rowBytes = StoredType.kind(type).bytes * StoredType.lanes(type)
  await OutputFile.write(file, async (output) => {
    await output.append(header)
    for (const { start, data } of given.chunks(Math.max(Math.floor(PIECE_BYTES / rowBytes), 1))) {
      if (start >= length) break
      const rows = Math.min(data.byteLength, (length - start) * rowBytes)
      await output.append(new Uint8Array(data.buffer, data.byteOffset, rows))
    }
    if (output.byteLength === header.length + length * rowBytes) return
    throw new StoaError('ERR_STOA_UNSUPPORTED', `'${name}' was shortened while it was written; no file was made`, {
      path: file,
    })
  })
}
