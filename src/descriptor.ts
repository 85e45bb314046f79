import type { OpenOptions } from './options.ts'

/**
 * What another thread or process needs to open the same store for reading: a plain object of plain values, for
 * `postMessage`, `workerData` or JSON.
 */
export interface StoreDescriptor {
  /** Absolute. */
  readonly path: string
  /** The newest version of the data that the program reads. */
  readonly version: number
  /** Bytes of address space a column may grow into, where that is not the default. */
  readonly reserve?: number
}

/** Whether that is meant as a descriptor: any object with a path, but a URL. */
export function isDescriptor(value: unknown): value is StoreDescriptor {
  return typeof value === 'object' && value !== null && !(value instanceof URL) && 'path' in value
}

/** The options to open a descriptor with, where `options` are the user's. */
export function readingOptions({ version, reserve }: StoreDescriptor, options: OpenOptions = {}): OpenOptions {
  if (options.access === 'write') {
    throw new TypeError("a descriptor opens for reading, found the option access 'write'; give the path of the store")
  }
  return { version, ...(reserve !== undefined && { reserve }), ...options, access: 'read' }
}
