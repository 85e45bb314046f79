// Summaries of rounds.

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return NaN
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The median of the ratios within rounds: what disturbs a whole round falls out. */
export function medianRatio(times: readonly number[], baseline: readonly number[]): number {
  return median(times.map((time, round) => time / baseline[round]!))
}
