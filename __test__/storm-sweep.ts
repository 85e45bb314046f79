// The sweep of system calls, all of it: STOA_EVERY (default 1) takes every n-th place only, STOA_SWEEP one of them as
// 'role call what n'. Exits with 1 when a failure was answered wrongly.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Injection, missingForSweep, type Role, sweep } from './support/sweep.ts'

const missing = missingForSweep()
if (missing !== undefined) {
  console.warn(`SKIPPED: the sweep of system calls needs ${missing}`)
  process.exit()
}
const every = Number(process.env['STOA_EVERY'] ?? 1)
const [role, call, what, nth] = (process.env['STOA_SWEEP'] ?? '').split(' ')
const only: Partial<Injection> = {
  ...(role ? { role: role as Role } : {}),
  ...(call ? { call } : {}),
  ...(what ? { what } : {}),
  ...(nth ? { nth: Number(nth) } : {}),
}
const folder = mkdtempSync(join(tmpdir(), 'stoa-sweep-'))
try {
  const report = await sweep(folder, { every, only, say: (line) => console.log(line) })
  console.log(
    `${report.points} points (${report.kills} kills; ${report.foreign} more were Node's own calls), ${report.faults.length} faults`,
  )
  console.log(
    Object.entries(report.codes)
      .map(([code, count]) => `  ${code} ${count}`)
      .join('\n'),
  )
  if (report.faults.length > 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
