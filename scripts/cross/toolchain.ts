// What compiles and links for platforms that this machine is not: Debian's rustc with the source of its standard library, which
// is compiled for each target, and zig's linker with its C libraries.
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import { debian } from './debian.ts'
import { type Ask, asking } from './inspect.ts'
import { outputOf } from './run.ts'

/** Of PyPI. They need not be the newest, but the two must fit. */
const PACKAGES = ['ziglang==0.17.1', 'cargo-zigbuild==0.24.0']

/** What cross-compiles. */
export type Toolchain = {
  /** In which `cargo-zigbuild` finds everything. */
  readonly environment: Readonly<Record<string, string>>
  /** Reads binaries of any platform. */
  readonly ask: Ask
}

/** The folder with packages of PyPI in it, installed at the first call. `options` are pip's. */
export function pypi(
  cache: string,
  name: string,
  packages: readonly string[],
  options: readonly string[] = [],
): string {
  const folder = resolve(cache, 'python', name)
  if (existsSync(folder)) return folder
  console.log(`downloading ${packages.join(', ')} of PyPI`)
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--root-user-action=ignore']
  outputOf('python3', [...install, ...options, '--target', partial, ...packages])
  renameSync(partial, folder)
  return folder
}

function script(path: string, line: string): void {
  writeFileSync(path, `#!/bin/sh\n${line}\n`)
  chmodSync(path, 0o755)
}

/** Downloads what is missing below `cache`. */
export function toolchain(cache: string): Toolchain {
  const rust = debian(
    cache,
    'rust',
    'bookworm',
    ['rustc-web', 'rust-web-src', 'libstd-rust-web-dev'],
    /^lib(std-rust-web-|llvm)\d/,
  )
  const libraries = join(rust, 'usr/lib/x86_64-linux-gnu')
  const version = /^libLLVM-(\d+)\.so$/m.exec(readdirSync(libraries).join('\n'))?.[1]
  const llvm = debian(cache, 'llvm', 'bookworm', [`llvm-${version}`])
  const tools = join(llvm, `usr/lib/llvm-${version}/bin`)
  const python = pypi(cache, 'zig', PACKAGES)
  const bin = resolve(cache, 'bin')
  mkdirSync(bin, { recursive: true })
  const withLibraries = `LD_LIBRARY_PATH='${libraries}' exec`
  script(join(bin, 'rustc'), `${withLibraries} '${rust}/usr/bin/rustc' "$@"`)
  // Debian's rustc comes without the tool that it strips Mach-O with.
  script(join(bin, 'rust-objcopy'), `${withLibraries} '${tools}/llvm-objcopy' "$@"`)
  const environment = {
    RUSTC: join(bin, 'rustc'),
    // The stable compiler takes `-Zbuild-std` only so.
    RUSTC_BOOTSTRAP: '1',
    PYTHONPATH: python,
    PATH: [bin, join(python, 'bin'), process.env['PATH'] ?? ''].join(delimiter),
  }
  return { environment, ask: asking(tools, libraries) }
}
