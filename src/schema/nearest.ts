import { excerpt } from '../errors.ts'
import { NAME_BYTES_MAX } from './names.ts'

/** Candidates that are compared: an error must not cost more than what it stopped. */
const COMPARED_MAX = 1000
/** Characters that are compared. */
const COMPARED_CHARACTERS = 64

/**
 * The candidate that `name` was most likely meant to be, or undefined when none is near.
 * Near is at most a third of the name's length in insertions, deletions, replacements and swaps of neighbours; for
 * names of one or two letters, only another case. Of many candidates only the first thousand that can be near count.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const start = name.slice(0, COMPARED_CHARACTERS)
  const lower = start.toLowerCase()
  let best: string | undefined
  let limit = Math.floor(start.length / 3) + 1
  let compared = 0
  for (const candidate of candidates) {
    const other = candidate.slice(0, COMPARED_CHARACTERS)
    const isAlike = other.length === start.length && other.toLowerCase() === lower
    // A distance is at least the difference in length.
    if (!isAlike && Math.abs(other.length - start.length) >= limit) continue
    if (++compared > COMPARED_MAX) break
    const distance = isAlike ? 0 : editDistance(start, other)
    if (distance < limit) {
      limit = distance
      best = candidate
    }
  }
  return best
}

/** `; did you mean 'price'?`, or nothing when no candidate is near. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  const near = nearest(name, candidates)
  return near === undefined ? '' : `; did you mean ${excerpt(near, NAME_BYTES_MAX)}?`
}

/** The optimal string alignment distance: O(a × b), both short. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      let best = Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, replaced)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] as number) + 1)
      }
      row.push(best)
    }
    before = previous
    previous = row
  }
  return previous[b.length] as number
}
