import type { Command } from 'commander'
import type { Commands } from './commands.ts'

/** `esa tokens ...`. */
export function addTokenCommands({ program, config }: Commands): void {
  const tokens = program
    .command('tokens')
    .description('what services act with on this runtime; a person signs in (esa accounts, esa login)')
  tokens
    .command('create')
    .description('make a token of a service and show it once; it acts, and counts as no person')
    .requiredOption('--as <who>', 'the agent id, or operator, in whose name it acts')
    .requiredOption(
      '--scope <scope...>',
      'agents:read, incidents:read|ack|write, db:read|plan|apply or admin',
    )
    .option('--for <duration>', 'how long it lives, at most 92d', '30d')
    .option('--person <name>', 'the name of the service (default: who makes it, and as what it acts)')
    .addHelpText(
      'after',
      '\nExample:\n  esa tokens create --as layer-2 --scope incidents:ack --for 7d --person pager-bridge',
    )
    .action(async (flags: { as: string; scope: string[]; for: string; person?: string }, command: Command) =>
      (await import('../commands/tokens.ts')).createToken(config(command), flags),
    )
  tokens
    .command('ls')
    .description('tokens, the oldest first; never the secrets')
    .addHelpText('after', '\nExample:\n  esa tokens ls --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/tokens.ts')).listTokens(config(command)),
    )
  tokens
    .command('revoke')
    .argument('<id>', 'as esa tokens ls names it')
    .description('end a token, at once and permanently')
    .addHelpText('after', '\nExample:\n  esa tokens revoke 01K...')
    .action(async (id: string, _: object, command: Command) =>
      (await import('../commands/tokens.ts')).revokeToken(config(command), id),
    )
}
