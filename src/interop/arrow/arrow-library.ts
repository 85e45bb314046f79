import type * as Arrow from 'apache-arrow'
import { requirePeer } from '../peer.ts'

/** The library, loaded at its first use. */
export function arrowLibrary(): typeof Arrow {
  return requirePeer('apache-arrow') as typeof Arrow
}
