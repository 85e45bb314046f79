// Summaries of rounds.

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) return NaN
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** The median of the ratios within rounds: what disturbs a whole round falls out. A contender may have left early. */
export function medianRatio(values: readonly number[], baseline: readonly number[], first = 0): number {
  return median(values.map((value, round) => value / baseline[round]!).slice(first))
}

/** The first round that counts of `rounds`, when `warmups` come first: the last, of one that left before they were over. */
export function firstCounted(rounds: number, warmups: number): number {
  return rounds > warmups ? warmups : Math.max(0, rounds - 1)
}
