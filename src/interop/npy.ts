/**
 * Files of numpy arrays, in and out. Needs no package.
 *
 * @module stoa/npy
 */
export { readNpy, writeNpy } from './npy/npy-file.ts'
