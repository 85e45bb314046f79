import test, { type ExecutionContext } from 'ava'

type Declare = (title: string, run: (t: ExecutionContext) => void | Promise<void>) => void

/** What `.ci/run` and the hosted runners set: there nothing may be missing, so no test is skipped. */
export const isCI: boolean = process.env['CI'] === 'true'

/** The runtime of this process; the rules of Node hold for all but those that are named. */
const runtime = 'bun' in process.versions ? 'Bun' : 'deno' in process.versions ? 'Deno' : 'Node'

/** What declares tests that cannot hold in a runtime, for a reason of its own: there they are skipped loudly, in CI too. */
export function exceptIn(excepted: readonly ('Bun' | 'Deno')[], why: string, declare: Declare = test): Declare {
  if (!excepted.some((name) => name === runtime)) return declare
  console.warn(`SKIPPED in ${runtime}: ${why}`)
  return test.skip
}

/** What declares the tests that need `what`. Where it is missing they are skipped loudly; in CI they run, and fail. */
export function needing(what: string, isThere: boolean, declare: Declare = test): Declare {
  if (isThere || isCI) return declare
  console.warn(`SKIPPED: tests that need ${what}`)
  return test.skip
}
