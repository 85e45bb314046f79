// Where the native part does not load, importing the package tells the platform, why, and what to do. A process of its own
// imports it: as on another platform (its names faked), without the binary, with a file that is none, without leave.
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { run, typescript } from './support/child.ts'
import { directory } from './support/directory.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { platform, arch } = process

/** What the import of such a package throws: `<code> <message>`. */
async function failure(t: ExecutionContext, entry: string, before = ''): Promise<string> {
  const code = `${before}
    await import(${JSON.stringify(pathToFileURL(entry).href)}).then(
      () => console.log('imported'),
      (error) => console.log(error.name, error.code, error.message, error.cause instanceof Error))`
  const { stdout, stderr } = await run(process.execPath, [...typescript, '--input-type=module', '--eval', code])
  t.regex(
    stdout,
    /^StoaError ERR_STOA_UNSUPPORTED cannot load the native part of stoa on .*; nothing was opened true\n$/,
    stderr,
  )
  return stdout
}

/** A copy of the package without its binary. */
function withoutBinary(t: ExecutionContext): string {
  const folder = directory(t)
  for (const name of ['src', 'package.json', 'index.cjs'])
    cpSync(join(root, name), join(folder, name), { recursive: true })
  return folder
}

for (const [other, machine] of [
  ['win32', 'x64'],
  ['win32', 'arm64'],
  ['linux', 'ia32'],
  ['linux', 's390x'],
  ['darwin', 'ppc64'],
  ['freebsd', 'arm64'],
  ['aix', 'ppc64'],
] as const) {
  test(`on ${other} ${machine} the import tells what there are binaries for`, async (t) => {
    const before = `for (const [name, value] of Object.entries({ platform: '${other}', arch: '${machine}' }))
      Object.defineProperty(process, name, { value })`
    const message = await failure(t, join(root, 'src/index.ts'), before)
    t.true(message.includes(` on ${other} ${machine}`), message)
    t.regex(message, /There are for Linux on x64 and arm64 .glibc 2\.28 or later, or musl., macOS .*, FreeBSD on x64/)
    t.regex(message, other === 'win32' ? /WSL 2/ : /build it from its sources/)
  })
}

test('without its binary the import tells to install the package whole', async (t) => {
  const message = await failure(t, join(withoutBinary(t), 'src/index.ts'))
  t.true(message.includes(` on ${platform} ${arch}`), message)
  t.regex(message, /the binary for it is missing beside index\.cjs: install the package again/)
})

test('with a binary that does not load the import tells what the system said', async (t) => {
  const folder = withoutBinary(t)
  for (const libc of platform === 'linux' ? ['-gnu', '-musl'] : ['']) {
    writeFileSync(join(folder, `stoa.${platform}-${arch}${libc}.node`), 'not a library')
  }
  const message = await failure(t, join(folder, 'src/index.ts'))
  t.regex(message, /the binary for it was not loaded: .*stoa\.[\w-]+\.node: .*\. It needs Linux/)
})

test('where addons are forbidden the import says so', async (t) => {
  // What tsc made of the sources: the hook that reads TypeScript is an addon itself.
  const entry = pathToFileURL(join(root, 'dist/index.js')).href
  const code = `await import(${JSON.stringify(entry)}).catch((error) => console.log(error.code, error.message))`
  const { stdout } = await run(process.execPath, ['--no-addons', '--input-type=module', '--eval', code])
  t.regex(stdout, /^ERR_STOA_UNSUPPORTED .*addon.*--allow-addons/)
})
