import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'

/** What the tests ask Python, pinned. */
const PACKAGES = ['pyarrow==26.0.1', 'numpy==2.4.6']

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'stoa-test')
const folder = join(cache, PACKAGES.join(' ').replaceAll(/[^\w.]+/g, '-'))

/** The folder with numpy and pyarrow in it, installed at the first call; or why there is none. */
export function pythonPackages(): { folder: string } | { reason: string } {
  if (existsSync(folder)) return { folder }
  if (spawnSync('python3', ['--version']).status !== 0) return { reason: 'there is no python3' }
  mkdirSync(cache, { recursive: true })
  const partial = mkdtempSync(join(cache, 'partial-'))
  const own = mkdtempSync(join(tmpdir(), 'stoa-pip-'))
  try {
    // Debian has pip in a package of its own, and in new environments.
    const hasPip = spawnSync('python3', ['-m', 'pip', '--version']).status === 0
    const python = hasPip ? 'python3' : join(own, 'bin', 'python')
    if (!hasPip && spawnSync('python3', ['-m', 'venv', own]).status !== 0) {
      return { reason: 'python3 has neither pip nor venv; install python3-venv' }
    }
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', partial, ...PACKAGES]
    const { status, stderr } = spawnSync(python, pip, { encoding: 'utf8' })
    if (status !== 0) return { reason: `pip could not install ${PACKAGES.join(' and ')}: ${stderr.trim()}` }
    // Another process may have been quicker.
    if (!existsSync(folder)) renameSync(partial, folder)
    return { folder }
  } finally {
    rmSync(partial, { recursive: true, force: true })
    rmSync(own, { recursive: true, force: true })
  }
}
