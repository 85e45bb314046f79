/** The command line is wrong: told with how it is right, exit code 2. */
export class UsageError extends Error {
  /** As `--json` tells it. */
  readonly code = 'ERR_USAGE'
  /** The command whose help tells more. */
  readonly command: string | undefined

  constructor(message: string, command?: string) {
    super(message)
    this.command = command
  }
}
