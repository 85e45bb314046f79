import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'stoa-test')

/** A Python with the packages that tests ask, pinned; or why there is none. */
export type PythonEnvironment = { readonly python: string } | { readonly reason: string }

/**
 * The environment of the packages that the files of `python/` name, in the user's cache folder, installed at the first
 * call. With Apache Spark in place of its client where `spark` says so.
 */
export function pythonEnvironment({ spark = false }: { spark?: boolean } = {}): PythonEnvironment {
  let packages = readFileSync(join(root, 'python/requirements-test.txt'), 'utf8')
  if (spark)
    packages = packages.replace(
      /^pyspark-client==.*$/m,
      readFileSync(join(root, 'python/requirements-spark.txt'), 'utf8'),
    )
  const version = spawnSync('python3', ['--version'], { encoding: 'utf8' })
  if (version.status !== 0) return { reason: 'there is no python3' }
  const key = createHash('sha256').update(`${version.stdout}${packages}`).digest('hex').slice(0, 16)
  const folder = join(cache, `python-${key}`)
  const python = join('bin', 'python')
  if (existsSync(folder)) return { python: join(folder, python) }
  mkdirSync(cache, { recursive: true })
  const partial = mkdtempSync(join(cache, 'partial-'))
  try {
    const venv = spawnSync('python3', ['-m', 'venv', partial], { encoding: 'utf8' })
    if (venv.status !== 0) return { reason: `python3 makes no environments; install python3-venv: ${venv.stdout}` }
    const list = join(partial, 'requirements.txt')
    writeFileSync(list, packages)
    const pip = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-compile',
      '--requirement',
      list,
    ]
    const { status, stderr } = spawnSync(join(partial, python), pip, { encoding: 'utf8' })
    if (status !== 0) return { reason: `pip could not install what python/ names: ${stderr.trim()}` }
    // Another process may have been quicker. What runs as `python -m` does not mind the move.
    if (!existsSync(folder)) renameSync(partial, folder)
    return { python: join(folder, python) }
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}
