// All proofs of docs/reliability.md in one run, one after the other, and their figures as a table of Markdown:
// `npm run prove -- --help`.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

const help = `npm run prove -- [--scale N] [--only NAME,…]

  --scale N     of all amounts so much (default 1, which takes most of a day; 0.01 takes some minutes)
  --only NAME   some of: NAMES

What a proof prints is printed as it runs, and the table at the end. One that fails does not stop the others; the command
then ends with 1. What a machine lacks is SKIPPED, and the table says so.`

const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, only: { type: 'string' }, help: { type: 'boolean' } },
})
const scale = Number(values.scale)

/** One proof: how it is run, and what of its output is a figure. */
interface Proof {
  readonly name: string
  readonly script: 'storm' | 'fuzz' | 'asan'
  readonly args: readonly string[]
  readonly figures: (output: string) => string
}

const amount = (full: number, least = 1): string => String(Math.max(least, Math.round(full * scale)))
/** The lines that match, without what comes before. */
const lines =
  (pattern: RegExp) =>
  (output: string): string =>
    [...output.matchAll(new RegExp(pattern, 'gm'))].map(([line]) => line.trim()).join('; ')

/** The sums of what the storms of the simulated disk counted. */
function tallies(output: string): string {
  const sums = new Map<string, number>()
  for (const [tally] of output.matchAll(/Tally \{.*\}/g)) {
    for (const [, name, count] of tally.matchAll(/(\w+): (\d+)/g)) {
      sums.set(name as string, (sums.get(name as string) ?? 0) + Number(count))
    }
  }
  return [...sums].map(([name, sum]) => `${sum} ${name.replaceAll('_', ' ')}`).join(', ')
}

const NO_OTHERS = ['kills', 'seconds', 'disk-cuts', 'every', 'files', 'ends', 'operations'].flatMap((name) => [
  `--${name}`,
  '0',
])
const storm = (name: string, args: readonly string[], figures: Proof['figures']): Proof => ({
  name,
  script: 'storm',
  args: ['--only', name, ...args],
  figures,
})

const PROOFS: readonly Proof[] = [
  { name: 'cuts', script: 'storm', args: ['--cuts', amount(500_000, 100), ...NO_OTHERS], figures: tallies },
  storm(
    'exhaustive',
    scale >= 1 ? ['--operations', '3', '--deep', '2'] : ['--operations', scale >= 0.05 ? '2' : '1'],
    lines(/all of up to .*/),
  ),
  storm('power', ['--disk-cuts', amount(1200, 10)], lines(/^(ext4|control, [\w ]+): .*/)),
  storm('kills', ['--kills', amount(1000, 5)], lines(/\d+ kills, .*/)),
  storm('sweep', ['--every', String(Math.max(1, Math.round(1 / scale)))], lines(/\d+ points \(.*/)),
  storm('ends', ['--ends', amount(120, 2)], lines(/\d+ ends, .*/)),
  storm('hostile', ['--files', amount(1500, 10)], lines(/\d+ files, \d+ faults/)),
  storm('readers', ['--seconds', amount(60, 3)], lines(/^(processes|threads): .*|^ *(snapshots|followed) .*/)),
  ...['header', 'directory', 'log', 'reader', 'kernels'].map((target): Proof => ({
    name: `fuzz-${target}`,
    script: 'fuzz',
    args: ['--only', target, '--seconds', amount(660, 5)],
    figures: lines(/Done \d+ runs in \d+ second/),
  })),
  { name: 'asan', script: 'asan', args: [], figures: lines(/\d+ tests? passed/) },
]

const names = PROOFS.map(({ name }) => name)
if (values.help) {
  console.log(help.replace('NAMES', names.join(', ')))
  process.exit()
}
const wanted = values.only?.split(',') ?? names
const unknown = wanted.filter((name) => !names.includes(name))
if (!(scale > 0) || unknown.length > 0) {
  console.error(
    `${unknown.join(', ') || `--scale ${values.scale}`} is not known\n\n${help.replace('NAMES', names.join(', '))}`,
  )
  process.exit(2)
}

/** Runs a proof and prints what it prints. Gives that, and whether it went well. */
async function run({ script, args }: Proof): Promise<{ output: string; isGood: boolean }> {
  const child = spawn(process.execPath, [...process.execArgv, `scripts/${script}.ts`, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const read = async (stream: NodeJS.ReadableStream): Promise<void> => {
    for await (const line of createInterface({ input: stream })) {
      output += `${line}\n`
      console.log(line)
    }
  }
  const status = new Promise<number | null>((resolve) => child.on('close', resolve))
  await Promise.all([read(child.stdout), read(child.stderr)])
  return { output, isGood: (await status) === 0 }
}

const rows: string[][] = []
for (const proof of PROOFS.filter(({ name }) => wanted.includes(name))) {
  const begin = Date.now()
  console.log(`\n=== ${proof.name}: scripts/${proof.script}.ts ${proof.args.join(' ')}`)
  const { output, isGood } = await run(proof)
  const skipped = /SKIPPED: .*/.exec(output)?.[0]
  const figures = proof.figures(output)
  // A proof that counted nothing has proven nothing.
  const result = skipped ?? (isGood && figures !== '' ? 'passed' : 'FAILED')
  if (result === 'FAILED') process.exitCode = 1
  rows.push([proof.name, figures.replaceAll('|', '\\|'), result, `${Math.round((Date.now() - begin) / 1000)} s`])
}
const table = [['proof', 'amount', 'result', 'time'], ['---', '---', '---', '---'], ...rows]
console.log(`\n${table.map((row) => `| ${row.join(' | ')} |`).join('\n')}`)
