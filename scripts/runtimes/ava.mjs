// Ava's own command line where `node:v8` lacks what it calls at its end: Bun and Deno.
import v8 from 'node:v8'

v8.takeCoverage = () => {}
await import('../../node_modules/ava/entrypoints/cli.mjs')
