// Every peer by name. A peer is one file that exports a `Peer`; it is loaded only in a process that runs it.
import type { Peer } from '../trial.ts'

const loaders: Record<string, () => Promise<Peer>> = {
  raw: async () => (await import('./raw.ts')).raw,
  fs: async () => (await import('./fs.ts')).fs,
  stoa: async () => (await import('./stoa.ts')).stoa,
  arrow: async () => (await import('./arrow.ts')).arrow,
  duckdb: async () => (await import('./duckdb.ts')).duckdb,
  lmdb: async () => (await import('./lmdb.ts')).lmdb,
  'mmap-io': async () => (await import('./mmap-io.ts')).mmapIo,
  polars: async () => (await import('./polars.ts')).polars,
  sqlite: async () => (await import('./sqlite.ts')).sqlite,
  hyparquet: async () => (await import('./hyparquet.ts')).hyparquet,
}

/** Peers that are programs of their own in another language, and speak as worker.ts does. */
export const PYTHON_PEERS: ReadonlyMap<string, string> = new Map([['numpy', 'memmap.py']])

export const peerNames: readonly string[] = [...Object.keys(loaders), ...PYTHON_PEERS.keys()]

export function loadPeer(name: string): Promise<Peer> {
  const load = loaders[name]
  if (!load) throw new Error(`no peer has the name '${name}'`)
  return load()
}
