import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { typescript } from './child.ts'
import { type DiskEvent, readDiskLog } from './disk-log.ts'
import { Model, applyStep } from './history.ts'
import { Random } from './seed.ts'
import { check } from './storm.ts'

/** What a device writes whole or not at all. */
const SECTOR_BYTES = 512
const DISK_BYTES = 32 * 2 ** 20
const BOOT_ID = '/proc/sys/kernel/random/boot_id'
/** Commits of one workload, and cuts of what it wrote. */
const STEPS = 40
const CUTS_OF_ONE = 100

/**
 * Ways to take the syncs away, which the cuts must notice: strace answers for the kernel, and nothing is done. An append to
 * the log that is durable by itself is refused first, so that it becomes a write and a sync.
 */
export const CONTROLS = {
  'no sync at all': ['inject=fdatasync:retval=0', 'inject=fsync:retval=0', 'inject=pwritev2:error=EOPNOTSUPP'],
  'no sync of new rows': ['inject=fdatasync:retval=0'],
} as const
export type Control = keyof typeof CONTROLS

export interface PowerReport {
  cuts: number
  commits: number
  /** Cuts after which a commit was there that was not told durable yet. */
  inFlight: number
  /** Cuts at which nothing was told durable yet. */
  early: number
  /** Cuts after which ext4 could be mounted only when e2fsck had repaired it. */
  repaired: number
  writes: number
  flushes: number
  readonly faults: string[]
}

function root(command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
  return stdout.trim()
}

/** Why no power can be cut here, or nothing. */
export function missingForPower(): string | undefined {
  if (process.platform !== 'linux') return 'Linux'
  if (process.getuid?.() !== 0) return 'root'
  for (const path of ['/dev/fuse', '/dev/loop-control']) if (!existsSync(path)) return path
  const programs = ['mkfs.ext4', 'losetup', 'mount', 'unshare', 'e2fsck', 'strace']
  return programs.find((program) => spawnSync(program, ['--version']).error !== undefined)
}

/** Runs the workload on ext4 on a loop device on a FUSE file, and gives what the disk was told. */
async function recorded(folder: string, seed: number, base: string, inject: readonly string[]): Promise<DiskEvent[]> {
  const [fuse, ext4, log] = [join(folder, 'fuse'), join(folder, 'ext4'), join(folder, 'log')]
  for (const each of [fuse, ext4]) mkdirSync(each, { recursive: true })
  const server = new URL('fuse-disk.ts', import.meta.url).pathname
  const disk: ChildProcess = spawn(process.execPath, [...typescript, server, base, fuse, log], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const over = once(disk, 'exit')
  const lines = createInterface({ input: disk.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  if ((await lines.next()).value !== 'mounted') throw new Error('the disk did not start')
  const undo: (() => void)[] = [() => root('umount', fuse)]
  try {
    const device = await rootAside('losetup', '--find', '--show', join(fuse, 'disk'))
    undo.push(() => root('losetup', '--detach', device))
    await rootAside('mount', '-t', 'ext4', device, ext4)
    undo.push(() => root('umount', ext4))
    const crasher = new URL('crasher.ts', import.meta.url).pathname
    const work = [
      process.execPath,
      ...typescript,
      crasher,
      join(ext4, 'store'),
      `${seed}`,
      `${STEPS}`,
      join(fuse, 'marks'),
    ]
    // The power comes back in another boot. The kernel's number of this one stays, so the workload is given another.
    const boot = join(folder, 'boot')
    writeFileSync(boot, `${seed}\n`)
    const elsewhere = ['unshare', '--mount', 'sh', '-c', `mount --bind "$0" ${BOOT_ID} && exec "$@"`, boot]
    const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync,fsync,pwritev2']
    const traced = inject.length === 0 ? work : [...strace, ...inject.flatMap((each) => ['-e', each]), ...work]
    await rootAside(...([...elsewhere, ...traced] as [string, ...string[]]))
  } finally {
    for (const each of undo.toReversed()) each()
  }
  await over
  return readDiskLog(log)
}

/** Runs a command to its end, while this process goes on. */
async function rootAside(command: string, ...args: string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`)
  return stdout.trim()
}

/** The disk as a cut leaves it: what was flushed, and of what was not, each sector or not. */
function cutDisk(durable: Buffer, loose: readonly DiskEvent[], random: Random): Buffer {
  const disk = Buffer.from(durable)
  // All, none, or every other one by chance.
  const mode = random.below(4)
  for (const event of loose) {
    if (event.kind !== 'write') continue
    for (let at = 0; at < event.bytes.length; at += SECTOR_BYTES) {
      const isKept = mode === 0 || (mode !== 1 && random.below(2) === 1)
      if (isKept) event.bytes.copy(disk, event.offset + at, at, at + SECTOR_BYTES)
    }
  }
  return disk
}

/** Mounts what a cut left, so that ext4 replays its journal, and looks at the store in it. */
function look(
  folder: string,
  disk: Buffer,
  seed: number,
  model: Model,
  modelStep: number,
  told: Told,
  what: string,
  report: PowerReport,
): number {
  const [image, mounted] = [join(folder, 'cut'), join(folder, 'mounted')]
  mkdirSync(mounted, { recursive: true })
  writeFileSync(image, disk)
  if (spawnSync('mount', ['-t', 'ext4', '-o', 'loop', image, mounted]).status !== 0) {
    // ext4 trusts that its superblock of two sectors is written whole. Where it was not, a machine that starts repairs it.
    spawnSync('e2fsck', ['-f', '-y', image])
    report.repaired++
    root('mount', '-t', 'ext4', '-o', 'loop', image, mounted)
  }
  try {
    const path = join(mounted, 'store')
    if (!existsSync(path)) {
      if (told.durable > 0) throw new Error(`${what}: the file is gone, told durable ${told.durable}`)
      return 0
    }
    return check(path, seed, model, modelStep, told, what)
  } finally {
    root('umount', mounted)
  }
}

interface Told {
  begun: number
  durable: number
}

/**
 * Cuts the power of a disk again and again, at moments and with losses that the seed decides, and looks each time at what
 * is left. With a `control` the faults are wanted.
 */
export async function cutPower(
  cuts: number,
  seed: number,
  control: Control | undefined,
  say: (line: string) => void,
): Promise<PowerReport> {
  const report: PowerReport = {
    cuts: 0,
    commits: 0,
    inFlight: 0,
    early: 0,
    repaired: 0,
    writes: 0,
    flushes: 0,
    faults: [],
  }
  const shm = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const folder = mkdtempSync(join(shm, 'stoa-power-'))
  try {
    const base = join(folder, 'base')
    writeFileSync(base, Buffer.alloc(DISK_BYTES))
    const lazy = 'lazy_itable_init=0,lazy_journal_init=0,nodiscard'
    root('mkfs.ext4', '-q', '-F', '-J', 'size=4', '-E', lazy, base)
    for (let run = 0; report.cuts < cuts; run++) {
      const runSeed = (seed + run) >>> 0
      const events = await recorded(folder, runSeed, base, control === undefined ? [] : CONTROLS[control])
      const before = report.faults.length
      cutsOf(folder, events, readFileSync(base), runSeed, Math.min(CUTS_OF_ONE, cuts - report.cuts), report)
      say(`  ${report.cuts} cuts, ${report.faults.length} faults (workload seed ${runSeed})`)
      for (const fault of report.faults.slice(before)) say(`    ${fault}`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return report
}

/** Cuts of one workload, in the order of their moments, so that what is durable only grows. */
function cutsOf(
  folder: string,
  events: readonly DiskEvent[],
  durable: Buffer,
  seed: number,
  cuts: number,
  report: PowerReport,
): void {
  const random = new Random(seed)
  report.writes += events.filter(({ kind }) => kind === 'write').length
  report.flushes += events.filter(({ kind }) => kind === 'flush').length
  report.commits += events.filter((event) => event.kind === 'mark' && event.text.startsWith('durable')).length
  const moments = Array.from({ length: cuts }, () => random.below(events.length + 1)).toSorted((a, b) => a - b)
  const told: Told = { begun: 0, durable: 0 }
  const model = new Model()
  let modelStep = 0
  let loose: DiskEvent[] = []
  let at = 0
  for (const moment of moments) {
    for (; at < moment; at++) {
      const event = events[at] as DiskEvent
      if (event.kind === 'write') loose.push(event)
      else if (event.kind === 'flush') {
        for (const write of loose) if (write.kind === 'write') write.bytes.copy(durable, write.offset)
        loose = []
      } else {
        const [word, step] = event.text.split(' ')
        if (word === 'begin') told.begun = Number(step)
        if (word === 'durable') told.durable = Number(step)
      }
    }
    for (; modelStep < told.durable; modelStep++) applyStep(model, seed, modelStep + 1)
    const what = `seed ${seed}, cut at ${moment} of ${events.length} events`
    report.cuts++
    if (told.durable === 0) report.early++
    try {
      const found = look(folder, cutDisk(durable, loose, random), seed, model.copy(), modelStep, told, what, report)
      if (found > told.durable) report.inFlight++
    } catch (error) {
      report.faults.push(String(error))
    }
  }
}
