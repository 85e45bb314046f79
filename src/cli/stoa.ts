#!/usr/bin/env node
import { report } from './failure.ts'

// Loaded here, so that a missing native part is told as any other failure, without a stack.
try {
  const { main } = await import('./main.ts')
  await main(process.argv.slice(2))
} catch (error) {
  process.exitCode = report(error, process.argv.includes('--json'))
}
