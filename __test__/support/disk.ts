import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { directory } from './directory.ts'
import { isCI } from './needs.ts'

/** Mounting takes root. The hosted runners let their user become it, and only there this asks for that. */
const asRoot: readonly string[] = process.getuid?.() === 0 || !isCI ? [] : ['sudo', '-n']

/** Runs a command as root, and says what went wrong. */
function root(...command: string[]): string | undefined {
  const [program, ...args] = [...asRoot, ...command] as [string, ...string[]]
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

/** Mounts a tmpfs that everybody may write to. */
function mount(folder: string, mebibytes: number): string | undefined {
  return root('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=1777`, 'tmpfs', folder)
}

function unmount(folder: string): void {
  root('umount', '-l', folder)
}

/** Whether small disks can be had here. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-mount-'))
  const failure = mount(folder, 1)
  if (failure === undefined) unmount(folder)
  rmSync(folder, { recursive: true })
  return failure === undefined
}

/** A file system of that many MiB, gone after the test. */
export function smallDisk(t: ExecutionContext, mebibytes: number): string {
  const folder = join(directory(t), 'disk')
  mkdirSync(folder)
  const failure = mount(folder, mebibytes)
  if (failure !== undefined) throw new Error(`no small disk can be mounted: ${failure}`)
  t.teardown(() => unmount(folder))
  return folder
}
