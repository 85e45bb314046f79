// The first file system of a Linux kernel: an archive as `cpio --format=newc` makes it.
import { type Stats, lstatSync, readdirSync, readFileSync, readlinkSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const DIRECTORY = 0o040755
const LINK = 0o120777
const FILE = 0o100755

function hex(number: number): string {
  return number.toString(16).padStart(8, '0')
}

/** Writes one to an open file. */
export class Initramfs {
  readonly #descriptor: number
  #entries = 0

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  #add(path: string, mode: number, content: Uint8Array): void {
    const name = Buffer.from(`${path}\0`)
    // Inode, mode, owner, group, links, time, bytes, device, device of a device, bytes of the name, checksum.
    const numbers = [++this.#entries, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0]
    const head = Buffer.concat([Buffer.from(`070701${numbers.map(hex).join('')}`), name])
    for (const part of [head, content]) {
      writeSync(this.#descriptor, part)
      writeSync(this.#descriptor, Buffer.alloc(-part.length & 3))
    }
  }

  directory(path: string): void {
    this.#add(path, DIRECTORY, Buffer.alloc(0))
  }

  link(path: string, target: string): void {
    this.#add(path, LINK, Buffer.from(target))
  }

  file(path: string, content: Uint8Array | string): void {
    this.#add(path, FILE, typeof content === 'string' ? Buffer.from(content) : content)
  }

  /** A file or a folder with all in it. Links inside of it stay links, `source` itself may be one. */
  copy(path: string, source: string, status: Stats = statSync(source)): void {
    if (status.isSymbolicLink()) this.link(path, readlinkSync(source))
    else if (status.isFile()) this.file(path, readFileSync(source))
    else {
      this.directory(path)
      for (const name of readdirSync(source)) {
        const inner = join(source, name)
        this.copy(`${path}/${name}`, inner, lstatSync(inner))
      }
    }
  }

  end(): void {
    this.#add('TRAILER!!!', 0, Buffer.alloc(0))
  }
}
