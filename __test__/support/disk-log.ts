import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/** What a disk was told, in order. */
export type DiskEvent =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Buffer }
  /** Everything written before is durable. */
  | { readonly kind: 'flush' }
  /** A line of the program at work, said between two of the others. */
  | { readonly kind: 'mark'; readonly text: string }

const KINDS = ['write', 'flush', 'mark'] as const
/** Kind (1), length (4), offset (8). */
const HEAD_BYTES = 13

/** Appends events to a file. */
export class DiskLog {
  readonly #fd: number

  constructor(path: string) {
    this.#fd = openSync(path, 'w')
  }

  add(kind: DiskEvent['kind'], offset = 0, bytes: Uint8Array = Buffer.alloc(0)): void {
    const head = Buffer.alloc(HEAD_BYTES)
    head.writeUInt8(KINDS.indexOf(kind), 0)
    head.writeUInt32LE(bytes.length, 1)
    head.writeBigUInt64LE(BigInt(offset), 5)
    writeSync(this.#fd, Buffer.concat([head, bytes]))
  }

  end(): void {
    closeSync(this.#fd)
  }
}

/** The events of such a file. */
export function readDiskLog(path: string): DiskEvent[] {
  const file = readFileSync(path)
  const events: DiskEvent[] = []
  for (let at = 0; at < file.length;) {
    const kind = KINDS[file.readUInt8(at)] as DiskEvent['kind']
    const length = file.readUInt32LE(at + 1)
    const offset = Number(file.readBigUInt64LE(at + 5))
    const bytes = file.subarray(at + HEAD_BYTES, at + HEAD_BYTES + length)
    at += HEAD_BYTES + length
    if (kind === 'write') events.push({ kind, offset, bytes })
    else if (kind === 'flush') events.push({ kind })
    else events.push({ kind, text: bytes.toString().trim() })
  }
  return events
}
