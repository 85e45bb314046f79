import { type FileHandle, open } from 'node:fs/promises'
import { fileError, formatError } from './file-error.ts'

/** Bytes that are read at once. */
const PIECE_BYTES = 2 ** 20

/** A piece of a text file, in order. */
export interface TextPiece {
  readonly text: string
  /** Bytes of the file up to its end. */
  readonly bytes: number
  readonly isLast: boolean
}

/** A file of UTF-8, read piece by piece; a byte order mark in front is left out. */
export class TextInput {
  readonly path: string
  readonly totalBytes: number
  readonly #handle: FileHandle
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #bytes = 0

  private constructor(path: string, handle: FileHandle, totalBytes: number) {
    this.path = path
    this.#handle = handle
    this.totalBytes = totalBytes
  }

  /** Runs `read` over a file, and closes that. */
  static async read<R>(path: string, read: (input: TextInput) => Promise<R>): Promise<R> {
    let handle: FileHandle | undefined
    try {
      handle = await open(path)
      const { size } = await handle.stat()
      return await read(new TextInput(path, handle, size))
    } catch (error) {
      throw fileError(error, 'read', path)
    } finally {
      await handle?.close()
    }
  }

  /** The next piece, of whole characters. */
  async next(): Promise<TextPiece> {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES)
    let filled = 0
    while (filled < PIECE_BYTES) {
      const { bytesRead } = await this.#handle.read(buffer, filled, PIECE_BYTES - filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    const isLast = filled < PIECE_BYTES
    const start = this.#bytes
    this.#bytes += filled
    try {
      const text = this.#decoder.decode(buffer.subarray(0, filled), { stream: !isLast })
      return { text, bytes: this.#bytes, isLast }
    } catch (error) {
      throw formatError(this.path, `bytes ${start} to ${this.#bytes} hold what is not UTF-8`, error)
    }
  }
}
