/** JSON that was written already: `1` as a bigint, a row of a table. */
export class JsonText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/**
 * A value as JSON. Beyond `JSON.stringify`: a bigint is its digits, a number that JSON has no form for is text, a Map is
 * an object with the names that it has, whatever they are.
 */
export function jsonText(value: unknown): string {
  if (value instanceof JsonText) return value.text
  if (typeof value === 'bigint') return `${value}`
  if (typeof value === 'number' && !Number.isFinite(value)) return `"${value}"`
  if (Array.isArray(value)) return `[${value.map((each) => jsonText(each)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const entries: Iterable<[string, unknown]> = value instanceof Map ? value : Object.entries(value)
  const members: string[] = []
  for (const [name, member] of entries) {
    if (member !== undefined) members.push(`${JSON.stringify(name)}:${jsonText(member)}`)
  }
  return `{${members.join(',')}}`
}
