// The tests of JavaScript, run by a Node.js of another platform: a copy of the package with the binary for it.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { outputOf } from '../cross/run.ts'
import type { ForeignNode } from './foreign-node.ts'

/** Node.js 24 reads TypeScript by itself. The hook that does it elsewhere is an addon, and has no binary for every platform. */
const HOOK = '@oxc-node'

/** The package as it is in the work tree, with these binaries, in `folder`. */
export function stage(folder: string, binaries: readonly string[]): void {
  rmSync(folder, { recursive: true, force: true })
  for (const file of outputOf('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z']).split('\0')) {
    if (file === '' || !existsSync(file)) continue
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    copyFileSync(file, join(folder, file))
  }
  for (const binary of binaries) copyFileSync(binary, join(folder, basename(binary)))
  outputOf(process.execPath, ['node_modules/typescript/bin/tsc', '--outDir', join(folder, 'dist')])
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, HOOK, 'core'), { recursive: true })
  for (const name of readdirSync('node_modules')) {
    if (name !== HOOK) symlinkSync(resolve('node_modules', name), join(modules, name))
  }
  const exported = { name: '@oxc-node/core', type: 'module', exports: { './register': './register.js' } }
  writeFileSync(join(modules, HOOK, 'core/package.json'), JSON.stringify(exported))
  writeFileSync(join(modules, HOOK, 'core/register.js'), '')
}

/** Runs these tests, all without any, and tells whether they passed. */
export function test(folder: string, node: ForeignNode, files: readonly string[]): boolean {
  const { status, error } = spawnSync(
    node.command,
    [join('node_modules/ava/entrypoints/cli.mjs'), '--timeout=20m', `--concurrency=${node.concurrency}`, ...files],
    // Programs that a test needs run as on this machine; without them it is left out, also on the hosted runners.
    { cwd: folder, stdio: 'inherit', env: { ...process.env, ...node.environment, CI: '' } },
  )
  if (error) throw error
  return status === 0
}
