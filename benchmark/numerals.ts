// Numbers as people read them.

export function duration(ms: number): string {
  if (ms >= 1000) return `${short(ms / 1000)} s`
  if (ms >= 1) return `${short(ms)} ms`
  if (ms >= 1e-3) return `${short(ms * 1e3)} µs`
  return `${short(ms * 1e6)} ns`
}

export function numeral(value: number | undefined): string {
  if (value === undefined) return ''
  if (Number.isInteger(value)) return String(value)
  return value >= 100 ? value.toFixed(0) : value.toFixed(2)
}

/** A ratio, with the sign of a multiple. */
export function times(ratio: number): string {
  return `${ratio >= 1000 ? Math.round(ratio).toLocaleString('en-US') : short(ratio)}×`
}

/** Three digits. */
function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
