// The figures in the documents: between two marks, made of the stored reports, so that no number there is typed by hand.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { machineLines, markTable, overviewTable } from './report.ts'
import type { Report } from './results.ts'
import type { Trial } from './trial.ts'

const BEGIN = '<!-- figures: written by npm run bench -- --document -->'
const END = '<!-- end of the figures -->'

/** The document that has the marks. */
export const PERFORMANCE_PATH: string = fileURLToPath(new URL('../docs/performance.md', import.meta.url))

export function figuresOf(reports: readonly Report[], trials: readonly Trial[]): string {
  const parts = reports.map((report) =>
    [
      `### ${report.rows.toLocaleString('en-US')} rows`,
      machineLines(report),
      overviewTable(report, trials),
      `#### Marks at ${report.rows.toLocaleString('en-US')} rows`,
      markTable(report),
    ].join('\n\n'),
  )
  // The tables are not aligned as the formatter would do.
  return `\n<!-- prettier-ignore-start -->\n\n${parts.join('\n\n')}\n\n<!-- prettier-ignore-end -->\n`
}

/** `document` with `figures` between its marks. */
export function withFigures(document: string, figures: string): string {
  const start = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (start < 0 || end < start) throw new Error(`a document of figures needs '${BEGIN}' and then '${END}'`)
  return `${document.slice(0, start + BEGIN.length)}\n${figures}\n${document.slice(end)}`
}

export function writeFigures(reports: readonly Report[], trials: readonly Trial[]): void {
  const document = readFileSync(PERFORMANCE_PATH, 'utf8')
  writeFileSync(PERFORMANCE_PATH, withFigures(document, figuresOf(reports, trials)))
}
