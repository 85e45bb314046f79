// What memory a process takes, in MB; 0 where the kernel does not tell.
import { readFileSync } from 'node:fs'

/** The most that was resident at once, pages of files included. */
export function peakMegabytes(): number {
  return kilobytes('/proc/self/status', /^VmHWM:\s+(\d+) kB/m) / 1000
}

/** What is no page of a file now. */
export function ownMegabytes(): number {
  return kilobytes('/proc/self/smaps_rollup', /^Anonymous:\s+(\d+) kB/m) / 1000
}

function kilobytes(path: string, pattern: RegExp): number {
  try {
    return Number(pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
