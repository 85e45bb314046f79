/** What Node's own functions throw when they are aborted: `what` was, and the signal's reason is the cause. */
export function abortError(what: string, signal: AbortSignal): Error {
  const error = new Error(`${what} was aborted`, { cause: signal.reason })
  error.name = 'AbortError'
  return Object.assign(error, { code: 'ABORT_ERR' })
}
