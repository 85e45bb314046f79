import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Platform } from './targets.ts'

/** Compiles and links the binary for `target`, and gives its path. Cargo leaves alone what has not changed. */
export function build(cache: string, environment: Readonly<Record<string, string>>, target: Platform): string {
  const folder = resolve(cache, 'build')
  const triple = `${target.triple}${target.floor}`
  const args = ['zigbuild', '--release', '--locked', '-p', 'stoa-node', '--target', triple, '--target-dir', folder]
  // Without the part of the standard library that names the lines of a backtrace: a stripped binary has no names.
  const std = ['-Zbuild-std=std,panic_unwind', '-Zbuild-std-features=panic-unwind']
  // As the standard library that comes compiled.
  const fast = ['core', 'alloc'].flatMap((name) => ['--config', `profile.release.package.${name}.opt-level=3`])
  const { status, signal, error } = spawnSync('cargo-zigbuild', [...args, ...std, ...fast], {
    stdio: 'inherit',
    env: {
      ...process.env,
      ...environment,
      // A musl that is linked statically could not be an addon.
      RUSTFLAGS: target.triple.endsWith('musl') ? '-Ctarget-feature=-crt-static' : '',
      ...(target.macos !== undefined && { MACOSX_DEPLOYMENT_TARGET: target.macos }),
      CARGO_ZIGBUILD_CACHE_DIR: resolve(cache, 'zigbuild'),
      ZIG_GLOBAL_CACHE_DIR: resolve(cache, 'zig'),
      ZIG_LOCAL_CACHE_DIR: resolve(cache, 'zig'),
    },
  })
  if (error) throw error
  if (status !== 0) throw new Error(`the build for ${target.triple} ended with ${signal ?? status}`)
  const library = target.format === 'elf' ? 'libstoa_node.so' : 'libstoa_node.dylib'
  const binary = resolve(cache, 'binaries', `stoa.${target.name}.node`)
  mkdirSync(resolve(cache, 'binaries'), { recursive: true })
  copyFileSync(join(folder, target.triple, 'release', library), binary)
  return binary
}
