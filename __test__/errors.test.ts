// Goal: every failure has its code, its details, and a message that says what was attempted, on what, and what to do.
// Method: cause each code that can be caused here and read the message. NO_SPACE and POISONED are in space.test.ts and
// sync.test.ts.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { translated } from '../src/native.ts'
import { f32, f64, open, StoaError, type StoaErrorCode } from '../src/index.ts'
import { directory, storePath } from './support/directory.ts'

interface Case {
  code: StoaErrorCode
  message: RegExp
  errno?: number
  cause: (t: ExecutionContext) => void
}

function fileOf(t: ExecutionContext, change: (bytes: Buffer) => Buffer | void): string {
  const path = storePath(t)
  const store = open(path)
  store.table('t', { x: f64 }).push({ x: 1 })
  store.close()
  const bytes = readFileSync(path)
  writeFileSync(path, change(bytes) ?? bytes)
  return path
}

const cases: Record<string, Case> = {
  'a store that is open': {
    code: 'ERR_STOA_LOCKED',
    message:
      /^cannot open '.*' for writing: (this process holds its lock, in another handle or thread|another process or handle holds its lock); close that one first$/,
    cause: (t) => {
      const path = storePath(t)
      const store = open(path)
      t.teardown(() => store.close())
      open(path)
    },
  },
  'a missing file': {
    code: 'ERR_STOA_NOT_FOUND',
    message: /'.*'.*[Nn]o such file/,
    errno: 2,
    cause: (t) => void open(storePath(t), { create: false }),
  },
  'a missing table': {
    code: 'ERR_STOA_NOT_FOUND',
    message: /^there is no table 'x' in '.*'$/,
    cause: (t) => {
      using(t, (store) => store.table('x'))
    },
  },
  'a file that is no store': {
    code: 'ERR_STOA_FORMAT',
    message: /'.*'/,
    cause: (t) => void open(fileOf(t, () => Buffer.from('text'))),
  },
  'a store of another byte order': {
    code: 'ERR_STOA_ENDIAN',
    message: /'.*'.*byte order/,
    cause: (t) =>
      void open(
        fileOf(t, (bytes) => {
          // Of the identity and of both header slots: docs/format.md.
          for (const part of [0, 4096, 69_632]) bytes.subarray(part + 8, part + 10).swap16()
        }),
      ),
  },
  'a store whose header does not check': {
    code: 'ERR_STOA_CORRUPT',
    message: /'.*'/,
    cause: (t) =>
      void open(
        fileOf(t, (bytes) => {
          for (const slot of [4096, 69_632]) bytes.fill(0xaa, slot + 32, slot + 96)
        }),
      ),
  },
  'a store with newer data': {
    code: 'ERR_STOA_VERSION',
    message: /^cannot open '.*': its data has version 3, this program reads up to 0; use a newer program$/,
    cause: (t) => {
      const path = storePath(t)
      const store = open(path, { version: 3 })
      store.table('t', { x: f64 })
      store.close()
      open(path)
    },
  },
  'another schema': {
    code: 'ERR_STOA_SCHEMA',
    message:
      /^cannot open table 't' of '.*' with this schema: column 'x' is f64 in the file but f32 in the schema given; change the schema, or the table with addColumn, dropColumn and renameColumn in the migrate function of open$/,
    cause: (t) =>
      using(t, (store) => {
        store.table('t', { x: f64 })
        store.table('t', { x: f32 })
      }),
  },
  'a closed store': {
    code: 'ERR_STOA_CLOSED',
    message: /^the store '.*' is closed; open it again$/,
    cause: (t) => {
      const store = open(storePath(t))
      store.close()
      store.commitSync()
    },
  },
  'growth past the reserved address space': {
    code: 'ERR_STOA_LIMIT',
    message: /^cannot grow 't\.x' /,
    cause: (t) => {
      const store = open(storePath(t), { reserve: 65_536 })
      t.teardown(() => store.close())
      store.table('t', { x: f64 }).reserve(1e6)
    },
  },
  'a path through a file': {
    code: 'ERR_STOA_IO',
    message: /'.*file\/store'/,
    errno: 20,
    cause: (t) => {
      const folder = directory(t)
      writeFileSync(join(folder, 'file'), '')
      open(join(folder, 'file', 'store'))
    },
  },
  'a change through a reader': {
    code: 'ERR_STOA_READONLY',
    message: /^cannot change table 't': '.*' is open for reading; open it with access 'write' to change it$/,
    cause: (t) => {
      const path = fileOf(t, () => {})
      const reader = open(path, { access: 'read' })
      t.teardown(() => reader.close())
      reader.table('t').clear()
    },
  },
  'a snapshot that the writer never lets be': {
    code: 'ERR_STOA_BUSY',
    message:
      /^cannot read '.*' in one piece: the writer committed during each of \d+ tries in \d+ ms; copy less in a snapshot/,
    cause: (t) => {
      const writer = open(fileOf(t, () => {}))
      const reader = open(writer.descriptor)
      t.teardown(() => (reader.close(), writer.close()))
      reader.snapshot(() => {
        writer.table('t').columns['x']?.set(0, -writer.commitId)
        writer.commitSync()
      })
    },
  },
  'taking back what is live': {
    code: 'ERR_STOA_UNSUPPORTED',
    message: /^rollback cannot be called on '.*test\.stoa': it is live, what was written is in the file$/,
    cause(t) {
      const store = open(storePath(t), { live: true })
      t.teardown(() => store.close())
      store.rollback()
    },
  },
}

function using(t: ExecutionContext, use: (store: ReturnType<typeof open>) => unknown): void {
  const store = open(storePath(t))
  t.teardown(() => store.close())
  use(store)
}

for (const [what, { code, message, errno, cause }] of Object.entries(cases)) {
  test(`${what} is ${code}, told in words`, (t) => {
    const error = t.throws(() => cause(t), { instanceOf: StoaError }) as StoaError
    t.is(error.code, code, error.message)
    t.regex(error.message, message)
    t.is(error.name, 'StoaError')
    t.true(error instanceof Error)
    t.regex(error.message, /^(?!error)['a-z]/, 'starts in lower case')
    t.notRegex(error.message, /\.$/, 'ends without a full stop')
    t.notRegex(error.message, /\0/, 'no separators of region names')
    if (errno !== undefined) t.is(error.errno, errno)
    if (error.path !== undefined) t.true(error.message.includes(error.path) || code === 'ERR_STOA_LIMIT', error.message)
  })
}

test('a panic of the native part is INTERNAL with its cause and a request to report it', (t) => {
  const panic = Object.assign(new Error('index out of bounds'), { code: 'GenericFailure' })
  const error = translated(panic) as StoaError
  t.true(error instanceof StoaError)
  t.is(error.code, 'ERR_STOA_INTERNAL')
  t.is(error.cause, panic)
  t.regex(error.message, /index out of bounds; please report it/)
})

test('an error of the native part keeps its path, system call and number', (t) => {
  const thrown = Object.assign(
    new Error(
      JSON.stringify({
        message: "cannot grow 't\0x\0data' and 'a\0\0data'",
        path: '/p',
        syscall: 'fallocate',
        errno: 28,
      }),
    ),
    { code: 'ERR_STOA_NO_SPACE' },
  )
  const error = translated(thrown) as StoaError
  t.like(error, {
    code: 'ERR_STOA_NO_SPACE',
    path: '/p',
    syscall: 'fallocate',
    errno: 28,
    message: "cannot grow 't.x' and 'a'",
  })
})

test('an error that is not of the native part passes as it is', (t) => {
  const error = new Error('other')
  t.is(translated(error), error)
  t.is(translated(5), 5)
})

test('a details field is an own property only where it applies', (t) => {
  const error = new StoaError('ERR_STOA_IO', 'plain')
  t.deepEqual(Object.keys(error), ['code'])
  t.false('cause' in error)
})

test('a store in a folder without write permission is IO or works for root', (t) => {
  const folder = join(directory(t), 'closed')
  mkdirSync(folder, { mode: 0o500 })
  const path = join(folder, 'a.stoa')
  if (process.getuid?.() === 0) {
    open(path).close()
    t.pass()
  } else t.is((t.throws(() => open(path)) as StoaError).errno, 13)
})
