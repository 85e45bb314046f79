import { createRequire } from 'node:module'
import type * as Generated from '../index.cjs'
import { StoaError } from './errors.ts'

/** What the package has binaries for. */
const PLATFORMS =
  'Linux on x64 and arm64 (glibc 2.28 or later, or musl), macOS on x64 and arm64, FreeBSD on x64; all 64 bits, little-endian'

const NAMES: Readonly<Record<string, readonly string[]>> = {
  linux: ['x64', 'arm64'],
  darwin: ['x64', 'arm64'],
  freebsd: ['x64'],
}

/** The C library, where the platform has more than one. */
function libc(): string {
  // A runtime other than Node.js may have no report.
  const { header } = (process.report?.getReport() ?? {}) as { header?: { glibcVersionRuntime?: string } }
  if (process.platform !== 'linux' || header === undefined) return ''
  return header.glibcVersionRuntime === undefined ? ' with musl' : ` with glibc ${header.glibcVersionRuntime}`
}

/** What failed otherwise than by not being there: the loader makes a chain of all that it tried. */
function failures(error: unknown): string[] {
  const all: string[] = []
  for (let one = error; one instanceof Error; one = one.cause) all.push(one.message)
  return all.filter((message) => !/^(Cannot find|Unsupported)/.test(message))
}

function advice(reasons: readonly string[]): string {
  if (!NAMES[process.platform]?.includes(process.arch)) {
    const windows =
      process.platform === 'win32' ? 'use it in WSL 2, on a file of the Linux side' : 'build it from its sources'
    return `there is no binary for it. There are for ${PLATFORMS}; ${windows}`
  }
  if (reasons.length > 0) {
    return `the binary for it was not loaded: ${reasons.join('; ')}. It needs ${PLATFORMS}, and leave to load addons (--allow-addons)`
  }
  return (
    'the binary for it is missing beside index.cjs: install the package again, and keep it whole, ' +
    "outside of bundles (esbuild: --external:stoa). Built from its sources it needs 'npm run build'"
  )
}

function load(): typeof Generated {
  try {
    // The one call that may fail on import, so that what it fails with can be told.
    return createRequire(import.meta.url)('../index.cjs') as typeof Generated
  } catch (error) {
    const platform = `${process.platform} ${process.arch}${libc()}`
    const message = `cannot load the native part of stoa on ${platform}: ${advice(failures(error))}; nothing was opened`
    throw new StoaError('ERR_STOA_UNSUPPORTED', message, { cause: error })
  }
}

/** The native store. Where no binary loads, importing this throws ERR_STOA_UNSUPPORTED. */
export const NativeStore: typeof Generated.NativeStore = load().NativeStore
export type NativeStore = Generated.NativeStore
