// Power cuts of a real ext4: STOA_DISK_CUTS (default 1000) and STOA_SEED from the environment. Exits with 1 when a cut
// leaves anything but the last acknowledged commit or one in flight, or when a control without syncs passes.
import { CONTROLS, type Control, cutPower, missingForPower, type PowerReport } from './support/power.ts'

const cuts = Number(process.env['STOA_DISK_CUTS'] ?? 1000)
const seed = Number(process.env['STOA_SEED'] ?? (Math.random() * 2 ** 32) >>> 0)
/** Of each control. */
const CONTROL_CUTS = 50

const missing = missingForPower()
if (missing !== undefined) {
  console.warn(`SKIPPED: power cuts of a real ext4 need ${missing}`)
  process.exit()
}
const told = ({ cuts, commits, inFlight, early, repaired, writes, flushes, faults }: PowerReport): string =>
  `${cuts} cuts of ${writes} writes and ${flushes} flushes, ${commits} commits: ${inFlight} found a commit in flight, ` +
  `${early} came before the first commit, ${repaired} needed e2fsck; ${faults.length} faults`
console.log(`STOA_DISK_CUTS=${cuts} STOA_SEED=${seed}`)
const report = await cutPower(cuts, seed, undefined, (line) => console.log(line))
console.log(`ext4: ${told(report)}`)
if (report.faults.length > 0) {
  console.error(
    `${report.faults.slice(0, 20).join('\n')}\nagain: npm run storm -- --only power --disk-cuts ${cuts} --seed ${seed}`,
  )
  process.exitCode = 1
}
for (const control of Object.keys(CONTROLS) as Control[]) {
  const controlled = await cutPower(CONTROL_CUTS, seed, control, () => {})
  console.log(`control, ${control}: ${told(controlled)}\n  ${controlled.faults[0] ?? ''}`)
  if (controlled.faults.length > 0) continue
  console.error(`the control '${control}' was not noticed`)
  process.exitCode = 1
}
