const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const PLAIN = /^[ -~]*$/
/** Two cells in a terminal: emoji, and the wide scripts of East Asia (Unicode Standard Annex 11). */
const WIDE =
  /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u
/** No cell of their own. */
const EMPTY = /^[\p{Mn}\p{Me}\p{Cf}]+$/u

/** Cells of a terminal that text takes, about: terminals differ. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment } of GRAPHEMES.segment(text)) width += graphemeWidth(segment)
  return width
}

/** Text of at most `width` cells: what is cut ends in an ellipsis. */
export function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let kept = ''
  let cells = 0
  for (const { segment } of GRAPHEMES.segment(text)) {
    cells += graphemeWidth(segment)
    if (cells > width - 1) break
    kept += segment
  }
  return `${kept}…`
}

/** Text filled up with spaces to `width` cells. */
export function padded(text: string, width: number, side: 'left' | 'right'): string {
  const spaces = ' '.repeat(Math.max(width - textWidth(text), 0))
  return side === 'left' ? text + spaces : spaces + text
}

function graphemeWidth(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2
  return EMPTY.test(grapheme) ? 0 : 1
}
