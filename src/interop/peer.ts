import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { quoted, StoaError } from '../errors.ts'

/** The optional packages, and the versions that the tests ran with. */
const VERSIONS = {
  'apache-arrow': '^21.2.0',
  hyparquet: '^1.31.5',
  'hyparquet-compressors': '^1.1.2',
  'hyparquet-writer': '^0.17.0',
  papaparse: '^5.7.1',
} as const

export type PeerName = keyof typeof VERSIONS

/** Runs what imports an optional package; where that is not installed, ERR_STOA_UNSUPPORTED says how to get it. */
export async function importPeer<M>(name: PeerName, load: () => Promise<M>): Promise<M> {
  try {
    return await load()
  } catch (error) {
    throw missing(name, error)
  }
}

const require = createRequire(import.meta.url)
const required = new Map<PeerName, unknown>()

/**
 * The same for calls that cannot wait. It is the module that `import` gives, not a second one for `require`, so that its
 * classes are those of the user.
 */
export function requirePeer(name: PeerName): unknown {
  let peer = required.get(name)
  if (peer !== undefined) return peer
  try {
    peer = require(fileURLToPath(import.meta.resolve(name)))
  } catch (error) {
    throw missing(name, error)
  }
  required.set(name, peer)
  return peer
}

function missing(name: PeerName, error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const code = 'code' in error ? error.code : undefined
  // Deno has no code for it where the package is named in a package.json.
  const isMissing =
    code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND' || error.message.startsWith('Could not resolve ')
  // What a package lacks in turn is another matter.
  if (!isMissing || !(error.message.includes(`'${name}'`) || error.message.includes(`"${name}"`))) return error
  return new StoaError(
    'ERR_STOA_UNSUPPORTED',
    `this needs the package ${quoted(name)}, which is not installed; run: npm install ${name}@${VERSIONS[name]}`,
    { cause: error },
  )
}
