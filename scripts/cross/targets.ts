/** What to build for. */
export type Platform = {
  /** As Rust names it. */
  readonly triple: string
  /** As napi-rs names it in `stoa.<name>.node`. */
  readonly name: string
  /** What is appended for the linker: the oldest C library that must do. */
  readonly floor: string
  readonly format: 'elf' | 'mach-o'
  /** The oldest macOS that must do. */
  readonly macos?: string
}

/** A platform that the package has a binary for. */
export type Target = Platform & {
  readonly machine: 'x64' | 'arm64'
  /** The libraries that it may load, and nothing else. */
  readonly libraries: readonly string[]
}

/** The oldest glibc that the binaries for it run with: Debian 10, RHEL 8, Ubuntu 20.04, Amazon Linux 2023. */
export const GLIBC = '2.28'

const glibc = ['libc.so.6', 'libgcc_s.so.1', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'ld-linux-x86-64.so.2']
const arm = [...glibc.slice(0, -1), 'ld-linux-aarch64.so.1']
const mac = ['/usr/lib/libSystem.B.dylib', '/usr/lib/libiconv.2.dylib', '/usr/lib/libcharset.1.dylib']

/** Every one that the package has. */
export const TARGETS: readonly Target[] = [
  {
    triple: 'x86_64-unknown-linux-gnu',
    name: 'linux-x64-gnu',
    floor: `.${GLIBC}`,
    format: 'elf',
    machine: 'x64',
    libraries: glibc,
  },
  {
    triple: 'aarch64-unknown-linux-gnu',
    name: 'linux-arm64-gnu',
    floor: `.${GLIBC}`,
    format: 'elf',
    machine: 'arm64',
    libraries: arm,
  },
  {
    triple: 'x86_64-unknown-linux-musl',
    name: 'linux-x64-musl',
    floor: '',
    format: 'elf',
    machine: 'x64',
    libraries: ['libc.so'],
  },
  {
    triple: 'aarch64-unknown-linux-musl',
    name: 'linux-arm64-musl',
    floor: '',
    format: 'elf',
    machine: 'arm64',
    libraries: ['libc.so'],
  },
  // Node.js 20 needs as much itself.
  {
    triple: 'x86_64-apple-darwin',
    name: 'darwin-x64',
    floor: '',
    format: 'mach-o',
    macos: '10.15',
    machine: 'x64',
    libraries: mac,
  },
  {
    triple: 'aarch64-apple-darwin',
    name: 'darwin-arm64',
    floor: '',
    format: 'mach-o',
    macos: '11.0',
    machine: 'arm64',
    libraries: mac,
  },
  {
    triple: 'x86_64-unknown-freebsd',
    name: 'freebsd-x64',
    floor: '',
    format: 'elf',
    machine: 'x64',
    libraries: ['libthr.so.3', 'libc.so.7', 'libm.so.5', 'libgcc_s.so.1', 'libutil.so.9', 'libexecinfo.so.1'],
  },
]

/** Not of the package: shows on a machine of the other byte order what the rest is told. */
export const BIG_ENDIAN: Platform = {
  triple: 's390x-unknown-linux-gnu',
  name: 'linux-s390x-gnu',
  floor: `.${GLIBC}`,
  format: 'elf',
}
