import type { NewSilence } from '@esa/operations'
import type { Command } from 'commander'
import type { Commands } from './commands.ts'

/** `esa silence ...`. */
export function addSilenceCommands({ program, config }: Commands): void {
  const silence = program.command('silence').description('let matching incidents wait, during planned work')
  silence
    .command('add')
    .description('matching incidents open without telling anybody, until the silence ends')
    .requiredOption('--agent <id>', 'whose incidents')
    .option('--category <category>', 'only those of this category')
    .requiredOption('--until <instant>', 'when it ends: 2026-01-31T18:00:00Z, or 2h from now')
    .requiredOption('--reason <text>', 'why')
    .addHelpText(
      'after',
      `
Data loss, and whatever goes to the CEO first, is notified all the same. At the end of a silence every incident that it held
back is notified, with its whole wait.

Example:
  esa silence add --agent layer-1 --category performance --until 2h --reason "index rebuild"`,
    )
    .action(async (flags: NewSilence, command: Command) =>
      (await import('../commands/silences.ts')).addSilence(config(command), flags),
    )
  silence
    .command('ls')
    .description('the silences that are in force')
    .addHelpText('after', '\nExample:\n  esa silence ls --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/silences.ts')).listSilences(config(command)),
    )
  silence
    .command('end')
    .argument('<id>')
    .description('end a silence now: what it held back is notified')
    .addHelpText('after', '\nExample:\n  esa silence end 01K...')
    .action(async (id: string, _: object, command: Command) =>
      (await import('../commands/silences.ts')).endSilence(config(command), id),
    )
}
