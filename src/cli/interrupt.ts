import { jsonText } from './json-text.ts'
import { printable, printableJson } from './printable.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs work that leaves something behind. On Ctrl-C and its like `stop` cleans up and tells what is left, then the
 * process ends by that signal, as the shell expects.
 */
export async function interruptible<R>(isJson: boolean, stop: () => string, work: () => Promise<R>): Promise<R> {
  const onSignal = (signal: NodeJS.Signals): void => {
    release()
    const message = `interrupted: ${stop()}`
    const json = jsonText({ error: { code: 'ERR_INTERRUPTED', message } })
    process.stderr.write(isJson ? `${printableJson(json)}\n` : `stoa: ${printable(message)}\n`)
    process.kill(process.pid, signal)
  }
  const release = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    return await work()
  } finally {
    release()
  }
}
