/** What a run of tests told. */
export interface TapReport {
  readonly passed: number
  readonly failures: readonly string[]
  readonly skipped: readonly string[]
  /** How many tests it says there were; undefined when it ended before. */
  readonly planned: number | undefined
}

/** Reads the Test Anything Protocol as ava writes it. Source: testanything.org, version 13. */
export function readTap(text: string): TapReport {
  let passed = 0
  let planned: number | undefined
  const failures: string[] = []
  const skipped: string[] = []
  for (const line of text.split('\n')) {
    const plan = /^1\.\.(\d+)$/.exec(line)
    if (plan !== null) planned = Number(plan[1])
    const [, isNot, title = '', directive] = /^(not )?ok \d+ - (.*?)(?: # (SKIP|TODO).*)?$/.exec(line) ?? []
    if (title === '') continue
    if (directive !== undefined) skipped.push(title)
    else if (isNot !== undefined) failures.push(title)
    else passed++
  }
  return { passed, failures, skipped, planned }
}
