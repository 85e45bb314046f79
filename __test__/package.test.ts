// Goal: the package as it is published installs without a network or a compiler, and works the way its users use it.
// Method: `npm pack` of what is built, or the tarball in the folder that STOA_TARBALL names, installed into an empty
// folder with spaces and other letters in its name; programs of its users run there.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { isBun, isDeno } from './support/child.ts'
import { exceptIn } from './support/needs.ts'

/** One after the other: they share the folder. */
const serial = exceptIn(['Bun', 'Deno'], 'the programs of the users are those of Node', test.serial)

const root = fileURLToPath(new URL('..', import.meta.url))
const base = mkdtempSync(join(tmpdir(), 'stoa-test-'))
const folder = join(base, 'with spaces, ümläuts and 日本語')
const installed = join(folder, 'node_modules', 'stoa')

interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

interface As {
  readonly uid?: number
  readonly gid?: number
}

function run(command: string, args: readonly string[], as: As = {}): Outcome {
  // The flags of this process, which runs TypeScript, are not those of a user.
  const env = { ...process.env, NODE_OPTIONS: '' }
  return spawnSync(command, args, { cwd: folder, encoding: 'utf8', env, ...as })
}

/** Runs a program of a user, of that name. */
function program(name: string, source: string, flags: readonly string[] = [], as: As = {}): Outcome {
  writeFileSync(join(folder, name), source)
  return run(process.execPath, [...flags, name], as)
}

const USE = `
  const store = open(process.argv[2] ?? 'market.stoa')
  const trades = store.table('trades', { price: f64, size: u32 })
  trades.push({ price: 1.5, size: 2 })
  store.commitSync()
  console.log(trades.length, trades.at(-1).price)
  store.close()`

test.before('pack and install', (t) => {
  if (isBun || isDeno) {
    t.pass()
    return
  }
  mkdirSync(folder)
  // Another user reads from here, too.
  chmodSync(base, 0o755)
  let from = process.env['STOA_TARBALL']
  if (from === undefined) {
    t.true(existsSync(join(root, 'dist', 'index.js')), 'nothing is built: run npm run build')
    const packing = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', base], {
      cwd: root,
      encoding: 'utf8',
    })
    t.is(packing.status, 0, packing.stderr)
    from = base
  }
  const tarball = readdirSync(from).find((name) => /^stoa-.*\.tgz$/.test(name)) as string
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const args = ['install', '--offline', '--no-audit', '--no-fund', join(from, tarball)]
  const { status, stderr } = run('npm', args)
  t.is(status, 0, stderr)
})

test.after.always('remove', () => rmSync(base, { recursive: true, force: true }))

serial('nothing else comes with it, and only what users need is in it', (t) => {
  t.deepEqual(
    readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.')),
    ['stoa'],
  )
  const needed =
    /^(dist\/.*\.(js|d\.ts|map)|src\/.*\.ts|index\.c?js|index\.d\.c?ts|stoa\.[a-z0-9-]+\.node|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(installed, name)).isFile(),
  )
  t.true(files.length > 20)
  t.deepEqual(
    files.filter((name) => !needed.test(name)),
    [],
  )
})

serial('import works', (t) => {
  const { stdout, stderr } = program('import.mjs', `import { f64, open, u32 } from 'stoa'${USE}`)
  t.is(stdout, '1 1.5\n', stderr)
})

serial('require works, and gives the same module', (t) => {
  const source = `const { f64, open, u32 } = require('stoa')${USE}
    import('stoa').then((stoa) => console.log(stoa.open === open))`
  const { stdout, stderr } = program('require.cjs', source)
  t.regex(stdout, /^\d 1\.5\ntrue\n$/, stderr)
})

serial('a worker uses it beside the thread that started it', (t) => {
  const source = `
    import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
    import { f64, open } from 'stoa'
    if (isMainThread) {
      const store = open('worker.stoa')
      store.table('t', { x: f64 }).push({ x: 7 })
      store.commitSync()
      const worker = new Worker(new URL(import.meta.url), { workerData: store.descriptor })
      worker.once('message', (x) => { console.log(x); store.close() })
    } else parentPort.postMessage(open(workerData).table('t').at(0).x)`
  const { stdout, stderr } = program('worker.mjs', source)
  t.is(stdout, '7\n', stderr)
})

for (const [module, moduleResolution] of [
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['esnext', 'bundler'],
] as const) {
  serial(`strict programs type-check with moduleResolution ${moduleResolution}, wrong ones do not`, (t) => {
    const consumer = join(folder, `types-${moduleResolution}`)
    mkdirSync(join(consumer, 'node_modules', '@types'), { recursive: true })
    for (const name of ['@types/node', 'undici-types'])
      symlinkSync(join(root, 'node_modules', name), join(consumer, 'node_modules', name))
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable'],
      strict: true,
    }
    const options = { ...compilerOptions, exactOptionalPropertyTypes: true, noEmit: true, types: ['node'] }
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.mts'] }))
    const source = `import { f64, open, symbol } from 'stoa'
      const table = open('x.stoa').table('t', { price: f64, sym: symbol })
      export const price: number = table.at(0)?.price ?? 0\n`
    const tsc = [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', consumer]
    writeFileSync(join(consumer, 'main.mts'), source)
    const right = run(process.execPath, tsc)
    t.is(right.status, 0, right.stdout)
    writeFileSync(join(consumer, 'main.mts'), `${source}table.push({ price: 'one', sym: 'A' })\n`)
    t.regex(run(process.execPath, tsc).stdout, /main\.mts.*TS2322/)
  })
}

serial('a bundle that leaves the package outside runs', (t) => {
  writeFileSync(join(folder, 'app.mjs'), `import { f64, open, u32 } from 'stoa'${USE}`)
  const esbuild = join(root, 'node_modules', 'esbuild', 'bin', 'esbuild')
  const args = ['--bundle', '--platform=node', '--format=esm', '--external:stoa', '--outfile=bundle.mjs', 'app.mjs']
  const { status, stderr } = run(esbuild, args)
  t.is(status, 0, stderr)
  const bundle = run(process.execPath, ['bundle.mjs', 'bundle.stoa'])
  t.is(bundle.stdout, '1 1.5\n', bundle.stderr)
})

serial('a user who may not write where it is installed uses it', (t) => {
  const data = join(base, 'data')
  mkdirSync(data)
  chmodSync(data, 0o777)
  // Root may write everywhere, so it becomes nobody.
  const as: As = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  if (as.uid === undefined) run('chmod', ['-R', 'a-w', 'node_modules'])
  writeFileSync(join(folder, 'elsewhere.mjs'), `import { f64, open, u32 } from 'stoa'${USE}`)
  const { stdout, stderr } = run(process.execPath, ['elsewhere.mjs', join(data, 'other.stoa')], as)
  if (as.uid === undefined) run('chmod', ['-R', 'u+w', 'node_modules'])
  t.is(stdout, '1 1.5\n', stderr)
})

const permission = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

serial("where Node's permissions forbid addons the error says so, and with --allow-addons it works", (t) => {
  const source = `import { f64, open, u32 } from 'stoa'${USE}`
  const flags = [permission, '--allow-fs-read=*', '--allow-fs-write=*']
  const refused = program('permission.mjs', source, flags)
  t.is(refused.status, 1)
  t.regex(refused.stderr, /addons/)
  const { stdout, stderr } = program('permission.mjs', source, [...flags, '--allow-addons'])
  t.regex(stdout, /^\d 1\.5\n$/, stderr)
})
