// Bars and numbers for a terminal of 80 columns.

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar that fills `share` (0 to 1) of `cells`, to an eighth of a cell. */
export function bar(share: number, cells: number): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * cells * 8)
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '')
}

/** A whole number with commas: 3,000,000. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

export interface ChartRow {
  readonly label: string
  readonly value: number
}

/** One line a row: label, value, and a bar as long as the value; negative values get none. */
export function barChart(rows: readonly ChartRow[], format: (value: number) => string, cells = 50): string {
  const greatest = Math.max(...rows.map((row) => row.value))
  const labelWidth = Math.max(...rows.map((row) => row.label.length))
  const valueWidth = Math.max(...rows.map((row) => format(row.value).length))
  const line = ({ label, value }: ChartRow) =>
    `  ${label.padEnd(labelWidth)}  ${format(value).padStart(valueWidth)}  ${bar(value / greatest, cells)}`.trimEnd()
  return rows.map(line).join('\n')
}
