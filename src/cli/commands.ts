import type { Command } from './command.ts'
import { backup } from './commands/backup.ts'
import { compact } from './commands/compact.ts'
import { exportFile } from './commands/export.ts'
import { follow } from './commands/follow.ts'
import { head } from './commands/head.ts'
import { importFile } from './commands/import.ts'
import { info } from './commands/info.ts'
import { plot } from './commands/plot.ts'
import { schema } from './commands/schema.ts'
import { stats } from './commands/stats.ts'
import { verify } from './commands/verify.ts'

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  info,
  head,
  schema,
  stats,
  importFile,
  exportFile,
  follow,
  plot,
  verify,
  backup,
  compact,
]
