import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { outputOf } from './run.ts'
import { TARGETS } from './targets.ts'

/** What `npm pack` made. */
export type Tarball = { readonly path: string; readonly size: number; readonly unpackedSize: number }

type Packed = {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly files: readonly { readonly path: string }[]
}

/** Everything of the package but the binaries: what is committed, and what TypeScript makes. */
const COMMITTED = ['package.json', 'README.md', 'LICENSE', 'index.cjs', 'index.d.cts']

/** Packs the package with these binaries. The work tree stays as it is. Throws where one of the seven is missing. */
export function tarball(cache: string, binaries: readonly string[]): Tarball {
  const folder = resolve(cache, 'package')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const file of COMMITTED) copyFileSync(file, join(folder, file))
  outputOf(process.execPath, ['node_modules/typescript/bin/tsc', '--outDir', join(folder, 'dist')])
  for (const binary of binaries) copyFileSync(binary, join(folder, basename(binary)))
  // Its scripts would build all of it again, for one platform.
  const options = ['--ignore-scripts', '--json', '--pack-destination', resolve(cache)]
  const [packed] = JSON.parse(outputOf('npm', ['pack', folder, ...options])) as Packed[]
  if (packed === undefined) throw new Error('npm pack made nothing')
  const names = new Set(packed.files.map((file) => file.path))
  const missing = TARGETS.map((target) => `stoa.${target.name}.node`).filter((name) => !names.has(name))
  if (missing.length > 0) throw new Error(`the package lacks ${missing.join(', ')}: build it for every target`)
  return { path: resolve(cache, packed.filename), size: packed.size, unpackedSize: packed.unpackedSize }
}
