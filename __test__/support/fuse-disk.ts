// A disk made of a file, in user space: it mounts a FUSE file system with two files. What is written to `disk` and flushed
// is logged in order; so is every line that is written to `marks`. Ends when it is unmounted.
// Arguments: the image that the disk begins with, the folder to mount on, the log.
//
// It speaks the kernel's protocol (linux/fuse.h) itself: one request at a time, so that the order is certain.
import { spawnSync } from 'node:child_process'
import { constants, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { DiskLog } from './disk-log.ts'

const [imagePath, folder, logPath] = process.argv.slice(2) as [string, string, string]

const LOOKUP = 1
const FORGET = 2
const GETATTR = 3
const SETATTR = 4
const OPEN = 14
const READ = 15
const WRITE = 16
const STATFS = 17
const RELEASE = 18
const FSYNC = 20
const FLUSH = 25
const INIT = 26
const OPENDIR = 27
const RELEASEDIR = 29
const ACCESS = 34
const INTERRUPT = 36
const DESTROY = 38
const BATCH_FORGET = 42

const ENOENT = 2
const ENOSYS = 38
const EOPNOTSUPP = 95

const IN_HEADER_BYTES = 40
const OUT_HEADER_BYTES = 16
const WRITE_HEADER_BYTES = 40
const WRITE_BYTES_MAX = 128 * 1024
const BIG_WRITES = 1 << 5
const DIRECT_IO = 1

const ROOT = 1n
const DISK = 2n
const MARKS = 3n
const NODES: Readonly<Record<string, bigint>> = { disk: DISK, marks: MARKS }
/** For so many seconds the kernel need not ask again. */
const VALID_SECONDS = 1000n

const image = readFileSync(imagePath)
const log = new DiskLog(logPath)

/** `struct fuse_attr`. */
function attributes(node: bigint): Buffer {
  const bytes = Buffer.alloc(88)
  const size = node === DISK ? image.length : 0
  bytes.writeBigUInt64LE(node, 0)
  bytes.writeBigUInt64LE(BigInt(size), 8)
  bytes.writeBigUInt64LE(BigInt(size / 512), 16)
  bytes.writeUInt32LE(node === ROOT ? constants.S_IFDIR | 0o755 : constants.S_IFREG | 0o644, 60)
  bytes.writeUInt32LE(1, 64)
  bytes.writeUInt32LE(4096, 80)
  return bytes
}

/** What is answered: bytes, or an error's number. */
function answer(opcode: number, node: bigint, body: Buffer): Buffer | number {
  switch (opcode) {
    case INIT: {
      const bytes = Buffer.alloc(64)
      bytes.writeUInt32LE(7, 0)
      bytes.writeUInt32LE(31, 4)
      bytes.writeUInt32LE(body.readUInt32LE(8), 8)
      bytes.writeUInt32LE(BIG_WRITES, 12)
      bytes.writeUInt32LE(WRITE_BYTES_MAX, 20)
      bytes.writeUInt32LE(1, 24)
      return bytes
    }
    case LOOKUP: {
      const found = NODES[body.subarray(0, body.indexOf(0)).toString()]
      if (found === undefined) return ENOENT
      const bytes = Buffer.alloc(40)
      bytes.writeBigUInt64LE(found, 0)
      bytes.writeBigUInt64LE(VALID_SECONDS, 16)
      bytes.writeBigUInt64LE(VALID_SECONDS, 24)
      return Buffer.concat([bytes, attributes(found)])
    }
    case GETATTR:
    case SETATTR: {
      const bytes = Buffer.alloc(16)
      bytes.writeBigUInt64LE(VALID_SECONDS, 0)
      return Buffer.concat([bytes, attributes(node)])
    }
    case OPEN:
    case OPENDIR: {
      const bytes = Buffer.alloc(16)
      bytes.writeUInt32LE(node === MARKS ? DIRECT_IO : 0, 8)
      return bytes
    }
    case READ: {
      if (node === MARKS) return Buffer.alloc(0)
      const offset = Number(body.readBigUInt64LE(8))
      return image.subarray(offset, offset + body.readUInt32LE(16))
    }
    case WRITE: {
      const offset = Number(body.readBigUInt64LE(8))
      const size = body.readUInt32LE(16)
      const written = body.subarray(WRITE_HEADER_BYTES, WRITE_HEADER_BYTES + size)
      if (node === DISK) written.copy(image, offset)
      log.add(node === DISK ? 'write' : 'mark', offset, written)
      const bytes = Buffer.alloc(8)
      bytes.writeUInt32LE(size, 0)
      return bytes
    }
    case FSYNC:
      if (node === DISK) log.add('flush')
      return Buffer.alloc(0)
    case STATFS: {
      const bytes = Buffer.alloc(80)
      bytes.writeUInt32LE(4096, 40)
      bytes.writeUInt32LE(255, 44)
      return bytes
    }
    case RELEASE:
    case RELEASEDIR:
    case FLUSH:
    case ACCESS:
    case DESTROY:
      return Buffer.alloc(0)
    default:
      // Discarding and zeroing, which the loop device then does by writing.
      return opcode > BATCH_FORGET ? EOPNOTSUPP : ENOSYS
  }
}

const device = openSync('/dev/fuse', 'r+')
const options = 'fd=3,rootmode=40000,user_id=0,group_id=0'
const mounted = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'stoa-disk', folder], {
  stdio: ['ignore', 'ignore', 'pipe', device],
  encoding: 'utf8',
})
if (mounted.status !== 0) throw new Error(`FUSE cannot be mounted: ${mounted.stderr}`)
process.stdout.write('mounted\n')

const request = Buffer.alloc(WRITE_BYTES_MAX + 4096)
for (;;) {
  let bytes: number
  try {
    bytes = readSync(device, request)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENODEV') break
    if (code === 'EINTR' || code === 'EAGAIN' || code === 'ENOENT') continue
    throw error
  }
  const opcode = request.readUInt32LE(4)
  // Nobody waits for an answer to these.
  if (opcode === FORGET || opcode === BATCH_FORGET || opcode === INTERRUPT) continue
  const found = answer(opcode, request.readBigUInt64LE(16), request.subarray(IN_HEADER_BYTES, bytes))
  const body = typeof found === 'number' ? Buffer.alloc(0) : found
  const head = Buffer.alloc(OUT_HEADER_BYTES)
  head.writeUInt32LE(OUT_HEADER_BYTES + body.length, 0)
  head.writeInt32LE(typeof found === 'number' ? -found : 0, 4)
  request.copy(head, 8, 8, 16)
  writeSync(device, Buffer.concat([head, body]))
}
log.end()
