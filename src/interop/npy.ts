export { readNpy, writeNpy } from './npy/npy-file.ts'
