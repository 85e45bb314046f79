import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A page as far as links are concerned. */
interface Page {
  /** What it links to, as written. */
  readonly targets: readonly string[]
  /** The places in it that a link can name. */
  readonly anchors: ReadonlySet<string>
}

const pages = new Map<string, Page>()

function pageOf(file: string): Page {
  let page = pages.get(file)
  if (page === undefined) {
    const text = readFileSync(file, 'utf8')
    page = file.endsWith('.md') ? markdownPage(text) : htmlPage(text)
    pages.set(file, page)
  }
  return page
}

function htmlPage(text: string): Page {
  const values = (pattern: RegExp): string[] =>
    Array.from(text.matchAll(pattern), ([, value]) => (value as string).replaceAll('&amp;', '&'))
  return { targets: values(/\s(?:href|src)="([^"]*)"/g), anchors: new Set(values(/\s(?:id|name)="([^"]*)"/g)) }
}

function markdownPage(text: string): Page {
  const prose = text
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ''))
  const targets = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target]) => target as string)
  // As GitHub names headings: small letters, words joined by hyphens, no other characters.
  const anchors = Array.from(prose.matchAll(/^#+ (.+)$/gm), ([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  )
  return { targets, anchors: new Set(anchors) }
}

/** The links of a page that lead nowhere, each in words. Of addresses outside only the form is checked. */
export function brokenLinks(file: string): string[] {
  return pageOf(file).targets.flatMap((target) => {
    if (/^\w+:/.test(target)) return URL.canParse(target) ? [] : [`${file}: '${target}' is no address`]
    const [path, anchor] = target.split('#') as [string, string | undefined]
    const to = path === '' ? file : join(dirname(file), decodeURIComponent(path.split('?')[0] as string))
    if (!existsSync(to)) return [`${file}: '${target}' is not there`]
    if (anchor === undefined || anchor === '' || statSync(to).isDirectory() || !/\.(?:md|html)$/.test(to)) return []
    return pageOf(to).anchors.has(decodeURIComponent(anchor)) ? [] : [`${file}: '${target}' has no such place`]
  })
}
