import type { Storage } from '../column/storage.ts'
import { quoted, StoaError } from '../errors.ts'
import { open } from '../open.ts'
import { suggestion } from '../schema/nearest.ts'
import type { Handle } from '../schema/contents.ts'
import type { StoredStore } from '../stored-store.ts'
import type { Arguments } from './arguments.ts'

/** Data of any version can be looked at. */
const ANY_VERSION = 2 ** 32 - 1

/** Runs `read` over a store that is open for reading, beside whoever writes to it. */
export async function reading<R>(path: string, read: (store: StoredStore) => Promise<R>): Promise<R> {
  const store = open(path, { access: 'read', version: ANY_VERSION }) as unknown as StoredStore
  try {
    return await read(store)
  } finally {
    store.close()
  }
}

/** The table or array of a name. */
export function namedHandle(store: StoredStore, name: string): Handle {
  const names = [...store.tables(), ...store.arrays()]
  if (names.includes(name)) return store.handle(name)
  throw new StoaError(
    'ERR_STOA_NOT_FOUND',
    `there is no table or array ${quoted(name)} in ${quoted(store.path)}${suggestion(name, names)}`,
    { path: store.path },
  )
}

/** The table or array that `--table` names, or the only one there is. */
export function chosenHandle(store: StoredStore, given: Arguments): Handle {
  const name = given.text('table')
  if (name !== undefined) return namedHandle(store, name)
  const names = store.tables().length > 0 ? store.tables() : store.arrays()
  const [only] = names
  if (only === undefined) {
    throw new StoaError('ERR_STOA_NOT_FOUND', `${quoted(store.path)} holds no table and no array`, { path: store.path })
  }
  if (names.length === 1) return store.handle(only)
  const list = [...names.slice(0, 10).map((each) => quoted(each)), ...(names.length > 10 ? ['…'] : [])].join(', ')
  throw given.wrong(`${quoted(store.path)} holds ${names.length} tables (${list}); name one with --table NAME`)
}

/** The columns that an option names, or all. */
export function chosenStorages(handle: Handle, given: Arguments, option = 'columns'): readonly Storage[] {
  const { storages, title, session } = handle
  const byName = new Map(storages.map((storage) => [storage.name, storage]))
  const chosen = namesIn(given.texts(option), (name) => byName.has(name)).map((name) => {
    const storage = byName.get(name)
    if (storage !== undefined) return storage
    throw new StoaError(
      'ERR_STOA_NOT_FOUND',
      `there is no column ${quoted(name)} in ${title}${suggestion(name, byName.keys())}`,
      { path: session.path },
    )
  })
  return chosen.length === 0 ? storages : [...new Set(chosen)]
}

/** Names between commas, unless all of it is a name. */
export function namesIn(texts: readonly string[], isName: (text: string) => boolean): string[] {
  return texts.flatMap((text) => (isName(text) ? [text] : text.split(','))).filter((name) => name !== '')
}
