// What a binary that cannot run here can still be asked.
import { statSync } from 'node:fs'
import { GLIBC, type Target } from './targets.ts'
import { outputOf } from './run.ts'

/** The tools of LLVM, by name. */
export type Ask = (tool: 'readobj' | 'nm' | 'objdump', ...args: string[]) => string

/** The largest page that an arm64 kernel may have: a binary with narrower segments does not load there. */
const PAGE_BYTES = 65536

const FORMATS = {
  elf: { x64: 'elf64-x86-64', arm64: 'elf64-littleaarch64' },
  'mach-o': { x64: 'Mach-O 64-bit x86-64', arm64: 'Mach-O arm64' },
} as const

const ENTRY = 'napi_register_module_v1'

function isNewer(version: string, floor: string): boolean {
  return version.localeCompare(floor, 'en', { numeric: true }) > 0
}

/** The symbols that `nm` lists, without the underscore of Mach-O, and without their versions. */
function symbols(listed: string): string[] {
  return listed.split('\n').filter((line) => line !== '')
}

function problemsOfElf(binary: string, target: Target, ask: Ask): string[] {
  const problems: string[] = []
  const listed = symbols(ask('nm', '--dynamic', '--undefined-only', '--format=just-symbols', binary))
  const versions = [...new Set(listed.flatMap((symbol) => /@GLIBC_([\d.]+)$/.exec(symbol)?.[1] ?? []))]
  const newer = versions.filter((version) => isNewer(version, GLIBC))
  if (newer.length > 0) problems.push(`needs glibc ${newer.join(', ')}, more than ${GLIBC}`)
  // Whatever Node-API the process has is looked up when the addon loads: nothing of it is linked.
  const linked = listed.filter((symbol) => symbol.startsWith('napi_'))
  if (linked.length > 0) problems.push(`links Node-API: ${linked.join(', ')}`)
  const headers = ask('readobj', '--program-headers', '--elf-output-style=GNU', binary)
  const aligned = [...headers.matchAll(/^ {2}LOAD .*(0x[0-9a-f]+)$/gm)].map((match) => Number(match[1]))
  if (aligned.length === 0) problems.push('has nothing to load')
  if (target.machine === 'arm64' && aligned.some((bytes) => bytes < PAGE_BYTES)) {
    problems.push(`is aligned to ${Math.min(...aligned)} bytes: kernels with pages of ${PAGE_BYTES} cannot load it`)
  }
  return problems
}

function problemsOfMachO(binary: string, target: Target, ask: Ask): string[] {
  const problems: string[] = []
  const minimum = /(?:minos|version) (\d+\.\d+)/i.exec(ask('readobj', '--macho-version-min', binary))?.[1]
  if (minimum === undefined) problems.push('names no oldest macOS')
  else if (isNewer(minimum, target.macos ?? '')) problems.push(`needs macOS ${minimum}, more than ${target.macos}`)
  // An arm64 Mac ends a process that loads code without one.
  const commands = ask('objdump', '--macho', '--private-headers', binary)
  if (target.machine === 'arm64' && !commands.includes('LC_CODE_SIGNATURE')) problems.push('is not signed')
  return problems
}

function librariesOf(binary: string, target: Target, ask: Ask): string[] {
  const text =
    target.format === 'elf'
      ? /NeededLibraries \[([^\]]*)\]/.exec(ask('readobj', '--needed-libs', binary))?.[1]
      : ask('objdump', '--macho', '--dylibs-used', binary).split('\n').slice(1).join('\n')
  const names = (text ?? '').split('\n').map((line) => line.trim().replace(/ \(compat.*/, ''))
  // The first that a Mach-O library lists is itself.
  return names.filter((name) => name !== '' && !name.endsWith('libstoa_node.dylib'))
}

/** What is wrong with the binary for `target`; nothing when the list is empty. */
export function problemsOf(binary: string, target: Target, ask: Ask): string[] {
  const problems: string[] = []
  const format = /^Format: (.*)$/m.exec(ask('readobj', '--file-headers', binary))?.[1]
  const expected = FORMATS[target.format][target.machine]
  if (format !== expected) problems.push(`is ${format}, not ${expected}`)
  const exported = symbols(
    ask(
      'nm',
      ...(target.format === 'elf' ? ['--dynamic'] : ['--extern-only']),
      '--defined-only',
      '--format=just-symbols',
      binary,
    ),
  ).map((symbol) => (target.format === 'elf' ? symbol : symbol.replace(/^_/, '')))
  if (exported.join() !== ENTRY) problems.push(`exports ${exported.join(', ') || 'nothing'}, not ${ENTRY} alone`)
  const needed = librariesOf(binary, target, ask)
  const unknown = needed.filter((library) => !target.libraries.includes(library))
  if (unknown.length > 0) problems.push(`needs ${unknown.join(', ')}, which a user may not have`)
  const own = target.format === 'elf' ? problemsOfElf : problemsOfMachO
  return [...problems, ...own(binary, target, ask)]
}

/** What a binary needs, for people: bytes, libraries, oldest system. */
export function summaryOf(binary: string, target: Target, ask: Ask): string {
  return `${statSync(binary).size} bytes, needs ${librariesOf(binary, target, ask).join(' ') || 'nothing'}`
}

/** LLVM's tools of one folder, which want the libraries of another. */
export function asking(tools: string, libraries: string): Ask {
  return (tool, ...args) => outputOf(`${tools}/llvm-${tool}`, args, { LD_LIBRARY_PATH: libraries })
}
