// Goal: unsafe Rust stays in its three places, and no panic can cross into JavaScript.
// Method: read the sources.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const root = fileURLToPath(new URL('../', import.meta.url))

function sources(folder: string): { path: string; code: string }[] {
  return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.rs'))
    .map((name) => {
      const path = `${folder}/${name}`
      // Comments may speak of it.
      return { path, code: readFileSync(`${root}${path}`, 'utf8').replaceAll(/\/\/.*$/gm, '') }
    })
}

const all = [...sources('crates/core/src'), ...sources('crates/node/src')]

const PLACES = new Set(['crates/core/src/simd.rs', 'crates/node/src/view.rs'])

test('unsafe stands under crates/core/src/os, in crates/core/src/simd.rs and in crates/node/src/view.rs only', (t) => {
  t.true(all.length > 20)
  const places = all.filter(({ code }) => /\bunsafe\b|unsafe_code/.test(code)).map(({ path }) => path)
  t.true(places.length > 0)
  t.deepEqual(
    places.filter((path) => !path.startsWith('crates/core/src/os/') && !PLACES.has(path)),
    [],
  )
})

test('every function exported to JavaScript catches panics', (t) => {
  const exported = sources('crates/node/src').flatMap(({ path, code }) =>
    [
      ...code.matchAll(/#\[napi(\(([^\]]*)\))?\]\s*(?:#\[[^\]]*\]\s*)*(pub(?:\([^)]*\))?\s+)?(async\s+)?(fn\s+\w+)?/g),
    ].map((match) => ({
      path,
      options: match[2] ?? '',
      fn: match[5],
    })),
  )
  const functions = exported.filter(({ fn }) => fn !== undefined)
  t.true(functions.length >= 20, `${functions.length} functions`)
  t.deepEqual(
    functions.filter(({ options }) => !options.includes('catch_unwind')),
    [],
  )
})

test('only src/binding.ts loads the native module, and only src/native.ts uses it', (t) => {
  const modules = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const having = (pattern: RegExp): string[] =>
    modules.filter((name) => pattern.test(readFileSync(`${root}src/${name}`, 'utf8')))
  t.deepEqual(having(/'(?:\.\.\/)+index\.cjs'/).toSorted(), ['binding.ts', 'native.ts'])
  t.deepEqual(having(/from '(?:\.\.?\/)+binding\.ts'/), ['native.ts'])
  t.true(existsSync(`${root}index.d.cts`))
})
