// Debian's packages, unpacked into a folder of their own: nothing is installed, and no setting of the machine changes.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { outputOf } from './run.ts'

/** The releases of Debian, and what is taken from each. */
const SUITES = {
  bookworm: { architectures: ['amd64', 'arm64', 's390x'], isSecured: true },
  trixie: { architectures: ['amd64', 'arm64'], isSecured: false },
} as const

export type Suite = keyof typeof SUITES

const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Where this machine gets Debian's packages from: of the release itself, and of its security updates. */
function mirrors(): { main: string; security: string } {
  const format = '$(ORIGIN)\t$(RELEASE)\t$(REPO_URI)'
  const lines = outputOf('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']).split('\n')
  const of = (isWanted: (release: string) => boolean): string | undefined =>
    lines
      .map((line) => line.split('\t'))
      .find(([origin, release]) => origin === 'Debian' && isWanted(release ?? ''))?.[2]
  const security = of((release) => release.endsWith('-security'))
  const main = of((release) => !release.endsWith('-security'))
  if (main === undefined || security === undefined) {
    throw new Error('apt knows no Debian: this needs a Debian, with its security updates, after `apt-get update`')
  }
  return { main, security }
}

/** The settings of an apt that knows one suite, and every architecture, and keeps all it has in `folder`. */
function settings(suite: Suite, folder: string): string {
  const config = join(folder, 'apt.conf')
  if (existsSync(config)) return config
  const { main, security } = mirrors()
  for (const name of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(folder, name), { recursive: true })
  const signed = `[signed-by=${KEYS}]`
  const { architectures, isSecured } = SUITES[suite]
  const sources = [`deb ${signed} ${main} ${suite} main`]
  // Its security updates have the compiler.
  if (isSecured) sources.push(`deb ${signed} ${security} ${suite}-security main`)
  writeFileSync(join(folder, 'sources.list'), `${sources.join('\n')}\n`)
  writeFileSync(join(folder, 'status'), '')
  const lines = [
    `Dir::Etc::SourceList "${join(folder, 'sources.list')}";`,
    'Dir::Etc::SourceParts "-";',
    `Dir::State::Lists "${join(folder, 'lists')}";`,
    `Dir::State::status "${join(folder, 'status')}";`,
    `Dir::Cache "${join(folder, 'cache')}";`,
    `APT::Architectures { ${architectures.map((name) => `"${name}";`).join(' ')} };`,
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
  ]
  const partial = `${config}.partial`
  writeFileSync(partial, `${lines.join('\n')}\n`)
  outputOf('apt-get', ['update', '--quiet'], { APT_CONFIG: partial })
  renameSync(partial, config)
  return config
}

/** These packages, and of what they need, and what that needs, all with a name like `needed`. */
function withNeeded(packages: readonly string[], needed: RegExp, config: string): string[] {
  const listed = outputOf('apt-cache', ['depends', '--recurse', '--important', ...packages], { APT_CONFIG: config })
  const all = new Set(packages)
  // A set shows also what is added meanwhile.
  for (const name of all) {
    const from = `\n${listed}`.indexOf(`\n${name}\n`)
    const [, ...lines] = from === -1 ? [] : listed.slice(from).split('\n')
    for (const line of lines) {
      if (!line.startsWith(' ')) break
      const other = / Depends: ([a-z0-9.+:-]+)$/.exec(line)?.[1]
      if (other !== undefined && needed.test(other)) all.add(other)
    }
  }
  return [...all]
}

/**
 * The folder with these packages of Debian in it, each as `name` or `name:architecture`, below `cache`. Downloads and unpacks
 * them at the first call; of what they depend on only what has a name like `needed`.
 */
export function debian(
  cache: string,
  name: string,
  suite: Suite,
  packages: readonly string[],
  needed: RegExp = /^$/,
): string {
  const folder = resolve(cache, 'debian', name)
  if (existsSync(folder)) return folder
  const config = settings(suite, resolve(cache, 'apt', suite))
  const all = withNeeded(packages, needed, config)
  console.log(`downloading ${all.join(', ')} of Debian's ${suite}`)
  const partial = `${folder}.partial`
  const archives = join(partial, 'archives')
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(archives, { recursive: true })
  outputOf('sh', ['-c', 'cd "$0" && exec apt-get download --quiet "$@"', archives, ...all], { APT_CONFIG: config })
  for (const file of readdirSync(archives)) outputOf('dpkg', ['-x', join(archives, file), partial])
  rmSync(archives, { recursive: true })
  renameSync(partial, folder)
  return folder
}
