// A Linux kernel for arm64 with pages of 16 KiB, in an emulated machine that has nothing but Node.js and the package.
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { debian } from '../cross/debian.ts'
import { armNodeBinary, armRoot } from './foreign-node.ts'
import { Initramfs } from './initramfs.ts'

const INIT = `#!/bin/sh
mkdir -p /proc /sys /dev /tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /tmp
mkdir /dev/shm
mount -t tmpfs tmpfs /dev/shm
ip link set lo up
export HOME=/tmp PATH=/bin
grep -m1 KernelPageSize /proc/self/smaps
cd /stoa
node node_modules/ava/entrypoints/cli.mjs --serial --timeout=20m $(cat /tests)
echo "the tests ended with $?"
poweroff -f
`

/** A package of npm and all that it needs, as names of folders in `node_modules`. */
function withDependencies(name: string): Set<string> {
  const all = new Set([name])
  for (const one of all) {
    const { dependencies } = JSON.parse(readFileSync(join('node_modules', one, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>
    }
    for (const other of Object.keys(dependencies ?? {})) all.add(other)
  }
  return all
}

function pack(path: string, cache: string, kernel: string, folder: string, tests: readonly string[]): void {
  const descriptor = openSync(path, 'w')
  const archive = new Initramfs(descriptor)
  for (const name of ['bin', 'lib', 'lib/aarch64-linux-gnu', 'usr', 'usr/bin']) archive.directory(name)
  archive.copy('bin/busybox', join(kernel, 'usr/bin/busybox'))
  for (const name of ['sh', 'mkdir', 'mount', 'ip', 'grep', 'cat', 'poweroff']) archive.link(`bin/${name}`, 'busybox')
  archive.link('usr/bin/env', '/bin/busybox')
  archive.copy('bin/node', armNodeBinary(cache))
  const root = armRoot(cache)
  archive.copy('lib/ld-linux-aarch64.so.1', join(root, 'lib/aarch64-linux-gnu/ld-linux-aarch64.so.1'))
  for (const libraries of ['lib/aarch64-linux-gnu', 'usr/lib/aarch64-linux-gnu']) {
    for (const name of readdirSync(join(root, libraries))) {
      if (/\.so\.\d+$/.test(name)) archive.copy(`lib/aarch64-linux-gnu/${name}`, join(root, libraries, name))
    }
  }
  archive.directory('stoa')
  for (const name of ['__test__', 'src', 'package.json', 'index.cjs', 'stoa.linux-arm64-gnu.node']) {
    archive.copy(`stoa/${name}`, join(folder, name))
  }
  archive.directory('stoa/node_modules')
  const scopes = new Set<string>()
  for (const name of withDependencies('ava')) {
    const scope = /^@[^/]+/.exec(name)?.[0]
    if (scope !== undefined && !scopes.has(scope)) archive.directory(`stoa/node_modules/${scope}`)
    if (scope !== undefined) scopes.add(scope)
    archive.copy(`stoa/node_modules/${name}`, realpathSync(join('node_modules', name)))
  }
  archive.copy('stoa/node_modules/@oxc-node', join(folder, 'node_modules/@oxc-node'))
  archive.file('tests', tests.join('\n'))
  archive.file('init', INIT)
  archive.end()
  closeSync(descriptor)
}

/** Runs these tests of the package in `folder` there, and tells whether they passed. */
export function testInGuest(cache: string, folder: string, tests: readonly string[]): boolean {
  const kernel = debian(
    cache,
    'kernel-16k',
    'trixie',
    ['linux-image-arm64-16k:arm64', 'busybox-static:arm64'],
    /^linux-image/,
  )
  const image = readdirSync(join(kernel, 'boot')).find((name) => name.startsWith('vmlinuz'))
  if (image === undefined) throw new Error("Debian's package has no kernel")
  // The emulator of this machine's release, with its libraries beside it.
  const emulator = debian(cache, 'qemu-system', 'bookworm', ['qemu-system-arm'], /^(lib(?!c6)|qemu-system|zlib|ipxe)/)
  const archive = resolve(cache, 'guest.cpio')
  pack(archive, cache, kernel, folder, tests)
  const libraries = ['lib', 'usr/lib'].map((name) => join(emulator, name, 'x86_64-linux-gnu'))
  // An older processor than the newest hangs in this kernel without a word.
  const machine = ['-M', 'virt', '-cpu', 'max', '-smp', '2', '-m', '4096', '-nographic', '-no-reboot', '-nic', 'none']
  const boot = ['-kernel', join(kernel, 'boot', image), '-initrd', archive, '-append', 'console=ttyAMA0 quiet panic=-1']
  const { stdout, error } = spawnSync(
    join(emulator, 'usr/bin/qemu-system-aarch64'),
    [...machine, ...boot, '-L', join(emulator, 'usr/share/qemu')],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LD_LIBRARY_PATH: libraries.join(':') },
    },
  )
  if (error) throw error
  console.log(stdout)
  return /KernelPageSize: +16 kB/.test(stdout) && /the tests ended with 0\r?\n/.test(stdout)
}
