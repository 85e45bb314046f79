import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib'

/** A file that is worth opening in every run. */
export interface Specimen {
  readonly bytes: Buffer
  /** What each way of opening it gives: 'opened', or a code. */
  readonly opens: Readonly<Record<string, string>>
}

const PATH = new URL('../corpus/hostile.br', import.meta.url)

/** The files of the corpus. All of them in one, because they are nearly equal, and so take little. */
export function readCorpus(): Specimen[] {
  if (!existsSync(PATH)) return []
  const packed = brotliDecompressSync(readFileSync(PATH))
  const headBytes = packed.readUInt32LE(0)
  const head = JSON.parse(packed.subarray(4, 4 + headBytes).toString()) as {
    length: number
    opens: Specimen['opens']
  }[]
  let at = 4 + headBytes
  return head.map(({ length, opens }) => ({ opens, bytes: packed.subarray(at, (at += length)) }))
}

export function writeCorpus(specimens: readonly Specimen[]): number {
  const head = Buffer.from(JSON.stringify(specimens.map(({ bytes, opens }) => ({ length: bytes.length, opens }))))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(head.length)
  const packed = Buffer.concat([size, head, ...specimens.map(({ bytes }) => bytes)])
  const params = { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: packed.length }
  const written = brotliCompressSync(packed, { params })
  writeFileSync(PATH, written)
  return written.length
}
