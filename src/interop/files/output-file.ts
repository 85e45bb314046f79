import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { open, rename, stat, unlink } from 'node:fs/promises'
import { fileError } from './file-error.ts'

/** Where the system shows files that a process has open: no place for a new one beside them. */
const OPEN_FILES = /^\/(?:dev|proc)\//

/** Nobody can open a socket by its name, which is what Node.js gives its child processes for a pipe. */
const STANDARD_OUTPUT = '/dev/stdout'

/** What bytes go to. */
type Target = { writeFile(bytes: Uint8Array): Promise<void>; close(): Promise<void> }

/** A failure is told by the call that met it; nobody else may listen. */
function ignore(): void {}

function standardOutput(): Target {
  const { stdout } = process
  stdout.on('error', ignore)
  return {
    writeFile: (bytes) =>
      new Promise((taken, failed) => {
        stdout.write(bytes, (error) => (error ? failed(error) : taken()))
      }),
    close: async () => void stdout.off('error', ignore),
  }
}

/** Files that are being written. */
const partials = new Set<string>()

/**
 * A file that is written from begin to end. It appears under its name when it is complete: until then what stood there
 * stays. Where something else than a regular file stands (a pipe, a terminal), that is written directly, and so is what
 * a shell opened (`/dev/stdout`), behind what it holds.
 */
export class OutputFile {
  readonly path: string
  /** Bytes written. */
  byteLength = 0
  readonly #handle: Target
  readonly #partial: string | undefined

  private constructor(path: string, handle: Target, partial: string | undefined) {
    this.path = path
    this.#handle = handle
    this.#partial = partial
  }

  /** Runs `write` over a new file; what that throws leaves no file behind. */
  static async write<R>(path: string, write: (file: OutputFile) => Promise<R>): Promise<R> {
    const file = await OutputFile.#create(path)
    try {
      const result = await write(file)
      await file.#finish()
      return result
    } catch (error) {
      await file.#discard()
      throw error
    }
  }

  /** Removes what is not complete, at once: for a process that is about to end. */
  static discardAll(): void {
    for (const partial of partials) rmSync(partial, { force: true })
  }

  static async #create(path: string): Promise<OutputFile> {
    try {
      if (path === STANDARD_OUTPUT) return new OutputFile(path, standardOutput(), undefined)
      const existing = await stat(path).catch(() => undefined)
      // Opened anew, a file that `>>` writes to would be cut.
      const isDirect = existing !== undefined && (!existing.isFile() || OPEN_FILES.test(path))
      if (isDirect) return new OutputFile(path, await open(path, 'a'), undefined)
      const partial = `${path}.${randomBytes(6).toString('hex')}.partial`
      const handle = await open(partial, 'wx')
      partials.add(partial)
      return new OutputFile(path, handle, partial)
    } catch (error) {
      throw fileError(error, 'write', path)
    }
  }

  /** Resolves when the kernel has taken the bytes: a writer that waits for it needs memory for one piece only. */
  async append(bytes: Uint8Array): Promise<void> {
    try {
      await this.#handle.writeFile(bytes)
    } catch (error) {
      throw fileError(error, 'write', this.path)
    }
    this.byteLength += bytes.length
  }

  async #finish(): Promise<void> {
    try {
      await this.#handle.close()
      if (this.#partial === undefined) return
      await rename(this.#partial, this.path)
      partials.delete(this.#partial)
    } catch (error) {
      throw fileError(error, 'write', this.path)
    }
  }

  async #discard(): Promise<void> {
    // The first failure is the one to tell.
    await this.#handle.close().catch(() => {})
    if (this.#partial === undefined) return
    await unlink(this.#partial).catch(() => {})
    partials.delete(this.#partial)
  }
}
