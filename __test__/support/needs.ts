import test, { type ExecutionContext } from 'ava'

type Declare = (title: string, run: (t: ExecutionContext) => void | Promise<void>) => void

/** What `.ci/run` and the hosted runners set: there nothing may be missing, so no test is skipped. */
export const isCI: boolean = process.env['CI'] === 'true'

/** What declares the tests that need `what`. Where it is missing they are skipped loudly; in CI they run, and fail. */
export function needing(what: string, isThere: boolean, declare: Declare = test): Declare {
  if (isThere || isCI) return declare
  console.warn(`SKIPPED: tests that need ${what}`)
  return test.skip
}
