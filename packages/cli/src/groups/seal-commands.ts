import type { Command } from 'commander'
import type { Commands } from './commands.ts'

/** `esa seals ...`. */
export function addSealCommands({ program, config }: Commands): void {
  const seals = program
    .command('seals')
    .description('what proves, outside the database, that the log is as it was written')
    .addHelpText('after', '\nExample:\n  esa seals --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/seals.ts')).showSeals(config(command)),
    )
  seals
    .command('rotate')
    .description('sign the next seals with a new key, which the old one signs')
    .addHelpText('after', '\nExample:\n  esa seals rotate')
    .action(async (_: object, command: Command) =>
      (await import('../commands/seals.ts')).rotateSealKey(config(command)),
    )
}
