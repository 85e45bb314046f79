// Every peer by name. A peer is one file that exports a `Peer`.
import type { Peer } from '../trial.ts'
import { fs } from './fs.ts'
import { hyparquet } from './hyparquet.ts'
import { raw } from './raw.ts'
import { stoa } from './stoa.ts'

export const peers: ReadonlyMap<string, Peer> = new Map([raw, fs, stoa, hyparquet].map((peer) => [peer.name, peer]))
