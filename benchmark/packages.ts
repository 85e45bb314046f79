// Optional packages: a peer whose package is not there is named and skipped.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Loads a package as the type that the adapter says it has; the packages' own types may be missing. */
export async function load<T>(name: string): Promise<T> {
  return (await import(name)) as T
}

/** The version in the manifest above what `name` resolves to. */
export function versionOf(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.resolve(name)))
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>
      if (manifest['name'] === name) return manifest['version']!
    } catch {} // not the package's root yet
  }
  throw new Error(`the package '${name}' has no manifest`)
}
