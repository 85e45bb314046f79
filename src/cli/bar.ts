const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
const LEVELS = [...'▁▂▃▄▅▆▇█']

/** A bar that fills `share` (0 to 1) of `cells`, to an eighth of a cell. */
export function bar(share: number, cells: number): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * cells * 8)
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
}

/** Counts as columns of a cell each: the highest is full, none is a space, and anything else can be seen. */
export function columnBars(counts: readonly number[]): string {
  const most = Math.max(...counts)
  return counts
    .map((count) => (count === 0 ? ' ' : LEVELS[Math.max(Math.ceil((count / most) * LEVELS.length) - 1, 0)]))
    .join('')
}
