// What a package costs before its first call: its import, timed inside a process that imported nothing else.
import { spawnSync } from 'node:child_process'
import type { Contender } from '../trial.ts'

/** The workload that imports `specifier`, as a worker of this folder resolves it. */
export function importing(specifier: string): () => Contender {
  return timing(process.execPath, [
    '--input-type=module',
    '--eval',
    `const began = performance.now(); await import(${JSON.stringify(import.meta.resolve(specifier))}); console.log(performance.now() - began)`,
  ])
}

function timing(program: string, args: readonly string[]): () => Contender {
  return () => {
    let importMs = NaN
    return {
      round: () => {
        const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8' })
        if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`)
        importMs = Number(stdout)
      },
      answer: () => 0,
      metrics: () => ({ importMs }),
      close: () => {},
    }
  }
}
