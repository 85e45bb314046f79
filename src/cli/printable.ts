/**
 * What a terminal acts on instead of showing it: control characters (with them escape sequences), marks that turn the
 * direction of text, line and paragraph separators, byte order marks, lone surrogates.
 */
const ACTED_ON = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Text of a file or of a user as it may reach a terminal: what that would act on is escaped as in JSON. */
export function printable(text: string): string {
  return text.replaceAll(ACTED_ON, (character) => SHORT[character] ?? escaped(character))
}

/** The same for JSON, which leaves some of them as they are. They stand only within strings. */
export function printableJson(json: string): string {
  return json.replaceAll(ACTED_ON, escaped)
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
