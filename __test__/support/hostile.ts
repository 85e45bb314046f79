import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child, typescript } from './child.ts'
import { goodStores, hostileFile } from './hostile-file.ts'
import { Random } from './seed.ts'

/** Kibibytes: what Node takes by itself is a fifth of it. */
const RSS_MAX = 900 * 1024
/** Kibibytes of private memory, which the kernel refuses beyond. Address space alone is not counted. */
const DATA_MAX = 6_000_000
/** For one file, on a busy machine. */
const HANG_MS = 120_000

const VICTIM = new URL('hostile-victim.ts', import.meta.url).pathname

export interface HostileReport {
  files: number
  /** How many calls gave a value, or threw what. */
  readonly outcomes: Record<string, number>
  readonly faults: string[]
}

/** What came of one file: how many calls ended how. */
export interface Outcome {
  readonly outcomes: Readonly<Record<string, number>>
  readonly faults: readonly string[]
  /** What each way of opening it gave: 'opened', or a code. */
  readonly opens: Readonly<Record<string, string>>
  /** What was said of it, without names and numbers. */
  readonly messages: readonly string[]
}

/** A process that opens files, and another one after each that it does not survive. */
export class Victim {
  #child: Promise<Child> | undefined

  static async #start(): Promise<Child> {
    const command = `ulimit -d ${DATA_MAX} && exec "$0" "$@"`
    const child = new Child('sh', ['-c', command, process.execPath, ...typescript, VICTIM])
    if ((await child.line()) !== 'ready') throw new Error('the victim did not start')
    return child
  }

  /** `next` is what `file` becomes while a reader has it open. */
  async meet(file: string, next: string): Promise<Outcome> {
    this.#child ??= Victim.#start()
    const child = await this.#child
    let isHanging = false
    const watch = setTimeout(() => {
      isHanging = true
      child.process.kill('SIGKILL')
    }, HANG_MS)
    await child.say(`${file} ${next}`)
    const line = await child.line().catch(() => undefined)
    clearTimeout(watch)
    if (line === undefined) {
      await child.kill()
      this.#child = undefined
      const how = isHanging ? 'it hangs' : `the process ended: ${child.process.signalCode ?? child.process.exitCode}`
      return { outcomes: {}, opens: {}, messages: [], faults: [`${how} ${child.stderr.slice(0, 2000)}`] }
    }
    const outcome = JSON.parse(line) as Outcome & { maxRSS: number }
    const { maxRSS } = outcome
    if (maxRSS <= RSS_MAX) return outcome
    await this.end()
    return { ...outcome, faults: [...outcome.faults, `it took ${maxRSS} KiB of memory`] }
  }

  async end(): Promise<void> {
    if (this.#child !== undefined) await (await this.#child).kill()
    this.#child = undefined
  }
}

/** Makes files from a seed on, each of a seed of its own, and has them opened. Those with faults are kept in `kept`. */
export async function meetHostileFiles(
  folder: string,
  files: number,
  seed: number,
  kept: string,
  say: (line: string) => void,
  found: (file: Buffer, outcome: Outcome) => void = () => {},
): Promise<HostileReport> {
  mkdirSync(folder, { recursive: true })
  const good = goodStores(folder)
  const report: HostileReport = { files: 0, outcomes: {}, faults: [] }
  const victim = new Victim()
  const [file, next] = [join(folder, 'file'), join(folder, 'next')]
  try {
    for (; report.files < files; report.files++) {
      const one = (seed + report.files) >>> 0
      const random = new Random(one)
      const bytes = hostileFile(good, random)
      writeFileSync(file, bytes)
      // The same store changed further, so that a reader has something to believe.
      writeFileSync(next, hostileFile([bytes.length > 2 ** 20 ? bytes : (good[1] as Buffer)], random))
      const outcome = await victim.meet(file, next)
      const { outcomes, faults } = outcome
      found(bytes, outcome)
      for (const [name, count] of Object.entries(outcomes)) report.outcomes[name] = (report.outcomes[name] ?? 0) + count
      if (report.files % 500 === 499) say(`  ${report.files + 1} files, ${report.faults.length} faults`)
      if (faults.length === 0) continue
      mkdirSync(kept, { recursive: true })
      copyFileSync(file, join(kept, `${one}.file`))
      copyFileSync(next, join(kept, `${one}.next`))
      report.faults.push(...faults.map((fault) => `seed ${one}: ${fault}`))
      say(`seed ${one}:\n    ${faults.join('\n    ')}`)
    }
  } finally {
    await victim.end()
  }
  return report
}
