// Goal: one writer at a time, whoever the second one is, and the lock goes with its holder.
// Method: a second opener here, in a worker, in another process, through a symlink; Python asks the kernel.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { f64, open, openAsync } from '../src/index.ts'
import { isDeno, library, loadTypescript, run, startScript } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { rejectsCode, throwsCode } from './support/errors.ts'
import { needing } from './support/needs.ts'

const TRY_LOCK = `
import fcntl, sys
with open(sys.argv[1], 'rb') as file:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        print('free')
    except BlockingIOError:
        print('locked')
`

const withPython = needing('python3', spawnSync('python3', ['--version']).status === 0)

async function lockState(path: string): Promise<string> {
  return (await run('python3', ['-c', TRY_LOCK, path])).stdout.trim()
}

const OPEN_ONCE = `
try {
  stoa.open(argv[0]).close()
  console.log('opened')
} catch (error) {
  console.log(error.code, error.path)
}`

test('a second open in this process is LOCKED, and the message says what to do', (t) => {
  const path = storePath(t)
  const store = open(path)
  const error = throwsCode(t, () => open(path), 'ERR_STOA_LOCKED')
  t.true(error.message.includes(path))
  t.regex(error.message, /lock/)
  t.is(error.path, path)
  store.close()
  open(path).close()
})

test('a second open through a symlink is LOCKED', (t) => {
  const path = storePath(t)
  const link = `${path}.link`
  const store = open(path)
  symlinkSync(path, link)
  throwsCode(t, () => open(link), 'ERR_STOA_LOCKED')
  store.close()
  open(link).close()
})

test('a second open in another process is LOCKED until the first closes', async (t) => {
  const path = storePath(t)
  const store = open(path)
  t.is(await startScript(OPEN_ONCE, [path]).line(), `ERR_STOA_LOCKED ${path}`)
  store.close()
  t.is(await startScript(OPEN_ONCE, [path]).line(), 'opened')
})

test('a second open in a worker is LOCKED until the first closes', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    ${loadTypescript}.then(() => import(workerData.library)).then(({ open }) => {
      try {
        open(workerData.path).close()
        parentPort.postMessage('opened')
      } catch (error) {
        parentPort.postMessage(error.code)
      }
    })`
  const inWorker = async (): Promise<unknown> => {
    const worker = new Worker(code, { eval: true, workerData: { library, path } })
    const [message] = await once(worker, 'message')
    await worker.terminate()
    return message
  }
  t.is(await inWorker(), 'ERR_STOA_LOCKED')
  store.close()
  t.is(await inWorker(), 'opened')
})

test('the lock of a worker that was terminated is free', async (t) => {
  const path = storePath(t)
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    ${loadTypescript}.then(() => import(workerData.library)).then(({ open, f64 }) => {
      globalThis.store = open(workerData.path)
      store.table('t', { x: f64 }).push({ x: 1 })
      setInterval(() => {}, 1000)
      parentPort.postMessage('open')
    })`
  const worker = new Worker(code, { eval: true, workerData: { library, path } })
  t.deepEqual(await once(worker, 'message'), ['open'])
  throwsCode(t, () => open(path), 'ERR_STOA_LOCKED')
  await worker.terminate()
  // Deno says so while the thread may still run.
  const store = open(path, isDeno ? { wait: 10_000 } : {})
  t.deepEqual(store.tables(), [])
  store.close()
})

test('wait blocks until the other process lets go', async (t) => {
  const path = storePath(t)
  const holder = startScript(
    `const store = stoa.open(argv[0]); console.log('open'); process.stdin.once('data', () => setTimeout(() => (store.close(), process.exit()), 100))`,
    [path],
  )
  t.is(await holder.line(), 'open')
  throwsCode(t, () => open(path), 'ERR_STOA_LOCKED')
  await holder.say('close soon')
  open(path, { wait: 60_000 }).close()
  t.pass()
})

test('wait ends with LOCKED', (t) => {
  const path = storePath(t)
  const store = open(path)
  const started = performance.now()
  throwsCode(t, () => open(path, { wait: 80 }), 'ERR_STOA_LOCKED')
  t.true(performance.now() - started >= 79)
  store.close()
})

const withProc = needing('/proc of Linux', existsSync('/proc/locks'))

withProc('LOCKED says which process holds the lock, and that it is this one', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const own = /: this process holds its lock, in another handle or thread; close that one first$/
  t.regex(throwsCode(t, () => open(path), 'ERR_STOA_LOCKED').message, own)
  t.regex((await rejectsCode(t, () => openAsync(path), 'ERR_STOA_LOCKED')).message, own)
  store.close()
  const holder = startScript(`globalThis.store = stoa.open(argv[0]); console.log('open'); process.stdin.resume()`, [
    path,
  ])
  t.is(await holder.line(), 'open')
  const { message } = throwsCode(t, () => open(path), 'ERR_STOA_LOCKED')
  t.is(message, `cannot open '${path}' for writing: process ${holder.process.pid} holds its lock; close it there first`)
  await holder.kill()
})

test('the thread pool stays free while 8 openAsync calls wait on it, of one thread', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const child = startScript(
    `const { stat } = await import('node:fs/promises')
    const opening = Array.from({ length: 8 }, () => stoa.openAsync(argv[0], { wait: 1e6 }).then((store) => store.close()))
    // The first tries are over when calls that came after them are.
    await stat(argv[0])
    const calls = []
    for (let call = 0; call < 200; call++) {
      const started = performance.now()
      await stat(argv[0])
      calls.push(performance.now() - started)
    }
    console.log(calls.toSorted((a, b) => a - b)[20])
    await Promise.all(opening)
    console.log('all had it')
    process.exit()`,
    [path],
    [],
    { UV_THREADPOOL_SIZE: '1' },
  )
  const milliseconds = Number(await child.line())
  t.log(`the fastest tenth of 200 calls of stat took up to ${milliseconds} ms each`)
  // On a busy machine many are slow. Tries that slept their 10 ms in the pool would leave none that is not.
  t.true(milliseconds < 5)
  store.close()
  t.is(await child.line(), 'all had it')
})

withProc('openAsync that was aborted at any moment, or was refused, leaves no descriptor', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const opened = (): number => readdirSync('/proc/self/fd').filter((fd) => isOf(path, fd)).length
  const before = opened()
  t.true(before > 0)
  await rejectsCode(t, () => openAsync(path, { wait: 5 }), 'ERR_STOA_LOCKED')
  const waiting = Array.from({ length: 20 }, (_, delay) => {
    const signal = delay === 0 ? AbortSignal.abort() : AbortSignal.timeout(delay)
    return t.throwsAsync(() => openAsync(path, { wait: 1e6, signal }), { code: 'ABORT_ERR' })
  })
  await Promise.all(waiting)
  t.is(opened(), before)
  store.close()
  // Aborted while the lock is free, and so on one side or the other of having it.
  for (let delay = 0; delay < 10; delay++) {
    const controller = new AbortController()
    const opening = openAsync(path, { signal: controller.signal })
    for (let turn = 0; turn < delay; turn++) await new Promise(setImmediate)
    controller.abort()
    await opening.then(
      (late) => late.close(),
      (error) => t.is(error.code, 'ABORT_ERR'),
    )
  }
  t.is(opened(), 0)
})

function isOf(path: string, fd: string): boolean {
  try {
    // By the inode: a file that was made without a name is shown without one.
    return statSync(`/proc/self/fd/${fd}`).ino === statSync(path).ino
  } catch {
    return false
  }
}

withPython('another program cannot lock the file of an open store, and can after close', async (t) => {
  const path = storePath(t)
  const store = open(path)
  t.is(await lockState(path), 'locked')
  store.table('t', { x: f64 }).push({ x: 1 })
  await store.commit()
  t.is(await lockState(path), 'locked')
  store.close()
  t.is(await lockState(path), 'free')
})

withPython('kill -9 frees the lock', async (t) => {
  const path = storePath(t)
  const holder = startScript(
    `globalThis.store = stoa.open(argv[0]); console.log('open'); setInterval(() => {}, 1000)`,
    [path],
  )
  t.is(await holder.line(), 'open')
  t.is(await lockState(path), 'locked')
  await holder.kill()
  t.is(await lockState(path), 'free')
  open(path).close()
})

withPython('a child process that outlives its parent does not keep the lock', async (t) => {
  const path = storePath(t)
  // All that a child can inherit it has.
  const parent = startScript(
    `const { spawn } = await import('node:child_process')
    globalThis.store = stoa.open(argv[0])
    const child = spawn('sh', ['-c', 'echo $$; exec sleep 600'], { stdio: ['ignore', 'inherit', 'ignore'], detached: true })
    process.stdin.resume()`,
    [path],
  )
  const child = Number(await parent.line())
  t.teardown(() => process.kill(child, 'SIGKILL'))
  t.is(await lockState(path), 'locked')
  await parent.kill()
  // Throws if the child is no longer there.
  t.true(process.kill(child, 0))
  t.is(await lockState(path), 'free')
  open(path).close()
})

withPython('a store nobody holds any more keeps its lock through garbage collections', async (t) => {
  const path = storePath(t)
  const child = startScript(
    `stoa.open(argv[0]); for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate) } console.log('open'); process.stdin.resume()`,
    [path],
    ['--expose-gc'],
  )
  t.is(await child.line(), 'open')
  t.is(await lockState(path), 'locked')
  await child.kill()
})
