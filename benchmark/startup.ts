// What an import of the built package costs a process, in this runtime: `node --import @oxc-node/core/register
// benchmark/startup.ts [rounds]`. Each round is two processes of its own, one that imports nothing.
import { spawnSync } from 'node:child_process'

const rounds = Number(process.argv[2] ?? 20)
const library = new URL('../dist/index.js', import.meta.url).href

/** Milliseconds of the statement, and megabytes that the process has afterwards. */
function measure(statement: string): [ms: number, megabytes: number] {
  const code = `const started = performance.now(); ${statement}
    console.log(performance.now() - started, process.memoryUsage().rss / 1e6)`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' })
  const [ms, megabytes] = stdout.split(' ').map(Number)
  if (ms === undefined || megabytes === undefined) throw new Error(`the process failed: ${stderr}`)
  return [ms, megabytes]
}

const times: number[] = []
const sizes: number[] = []
for (let round = 0; round < rounds; round++) {
  const [, empty] = measure('')
  const [ms, full] = measure(`await import(${JSON.stringify(library)})`)
  times.push(ms)
  sizes.push(full - empty)
}
const sorted = (values: number[]): number[] => values.toSorted((a, b) => a - b)
const middle = (values: number[]): string => (sorted(values)[Math.floor(values.length / 2)] as number).toFixed(1)
const least = (values: number[]): string => (sorted(values)[0] as number).toFixed(1)
console.log(
  `import: ${least(times)} ms at best, ${middle(times)} ms in the middle of ${rounds}; ${middle(sizes)} MB of memory`,
)
