// What a number means nothing without: the machine, its disk, and the versions.
import { readFileSync, statfsSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryBytes: number
  readonly kernel: string
  readonly fileSystem: string
  readonly node: string
  readonly v8: string
  /** The version of each peer that took part. */
  readonly peers: Record<string, string>
}

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS = new Map([
  [0xef53, 'ext4'],
  [0x01021994, 'tmpfs'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x2fc12fc1, 'zfs'],
  [0x794c7630, 'overlayfs'],
  [0x6969, 'nfs'],
])

export function describeMachine(directory: string, peers: Record<string, string>): Machine {
  const { node, v8 } = process.versions
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    fileSystem: describeFileSystem(directory),
    node,
    v8,
    peers,
  }
}

/** The same but for the versions of peers. */
export function isSameMachine(one: Machine, other: Machine): boolean {
  const keyOf = (machine: Machine): string => JSON.stringify({ ...machine, peers: undefined })
  return keyOf(one) === keyOf(other)
}

function describeFileSystem(directory: string): string {
  const { type: magic } = statfsSync(directory)
  const name = FILE_SYSTEMS.get(magic) ?? `0x${magic.toString(16)}`
  return name === 'ext4' || name === 'xfs' ? `${name}${deviceOf(directory)}` : name
}

/** The device behind a folder, from the longest mount point that holds it; empty where there is no /proc. */
function deviceOf(directory: string): string {
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, point]) => point !== undefined && directory.startsWith(point))
      .toSorted((a, b) => b[1]!.length - a[1]!.length)
    return mounts[0]?.[0] ? ` on ${mounts[0][0]}` : ''
  } catch {
    return ''
  }
}
