const LEVELS = '▁▂▃▄▅▆▇█'

/** The last `cells` numbers, one character each, from the least to the greatest of them. */
export function sparkline(numbers: Float64Array, cells = 60): string {
  const last = numbers.subarray(-cells)
  const least = Math.min(...last)
  const range = Math.max(...last) - least || 1
  return Array.from(last, (number) => LEVELS[Math.round(((number - least) / range) * (LEVELS.length - 1))]).join('')
}
