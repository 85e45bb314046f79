import type { ExecutionContext } from 'ava'
import { StoaError, type StoaErrorCode } from '../../src/index.ts'

/** Asserts that `call` throws a StoaError of that code, and gives it. */
export function throwsCode(t: ExecutionContext<unknown>, call: () => unknown, code: StoaErrorCode): StoaError {
  const error = t.throws(call, { instanceOf: StoaError })
  t.is(error?.code, code, error?.message)
  return error as StoaError
}

/** The same of a promise. */
export async function rejectsCode(
  t: ExecutionContext<unknown>,
  call: () => Promise<unknown>,
  code: StoaErrorCode,
): Promise<StoaError> {
  const error = await t.throwsAsync(call, { instanceOf: StoaError })
  t.is(error?.code, code, error?.message)
  return error as StoaError
}
