/** A whole number with commas: 3,000,000. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** A number and its noun: `1 row`, `2 rows`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** Bytes in the unit that keeps the number short: 1.5 MiB. */
export function byteText(bytes: number): string {
  if (bytes < 1024) return counted(bytes, 'byte')
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length)
  const value = bytes / 1024 ** power
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ${UNITS[power - 1]}`
}

/** Seconds: `0.42 s`, `12 s`, `3:05 min`. */
export function durationText(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)}:${`${seconds % 60}`.padStart(2, '0')} min`
}

/** A number of at most six digits that matter, for a column of them. */
export function shortNumber(value: number): string {
  const short = Number(value.toPrecision(6))
  return Math.abs(short) >= 1e15 || (short !== 0 && Math.abs(short) < 1e-6)
    ? short.toExponential()
    : short.toLocaleString('en-US', { maximumFractionDigits: 12 })
}
