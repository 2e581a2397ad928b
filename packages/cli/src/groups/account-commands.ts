import type { Command } from 'commander'
import type { AccountFlags, LoginFlags } from '../commands/accounts.ts'
import type { Commands } from './commands.ts'

/** `esa accounts ...` and `esa login`. */
export function addAccountCommands({ program, config }: Commands): void {
  const accounts = program
    .command('accounts')
    .description('the persons and services that act on this runtime')
  accounts
    .command('add')
    .argument('<name>', 'their name; reading like another account’s is refused')
    .description(
      'on the host: make the account of a person, and a link that signs them in once, within 15 minutes',
    )
    .option('--as <who>', 'operator, or the agent whose seat they hold', 'operator')
    .addHelpText('after', '\nExample:\n  esa accounts add Ada')
    .action(async (name: string, flags: AccountFlags, command: Command) =>
      (await import('../commands/accounts.ts')).addAccount(config(command), name, flags),
    )
  accounts
    .command('ls')
    .description('accounts, the oldest first, and who vouches for each person')
    .addHelpText('after', '\nExample:\n  esa accounts ls --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/accounts.ts')).listAccounts(config(command)),
    )
  accounts
    .command('claim')
    .argument('<token>', 'the id of a token of before there were accounts')
    .argument('<name>', 'the person whose it is')
    .description('on the host: give an old token to a person; until then it counts as a service’s')
    .addHelpText('after', '\nExample:\n  esa accounts claim 01K... Ada')
    .action(async (token: string, name: string, _: object, command: Command) =>
      (await import('../commands/accounts.ts')).claimToken(config(command), token, name),
    )
  program
    .command('login')
    .argument('[link]', 'from esa accounts add or esa up; without one, at the identity provider')
    .description('sign in as a person: gives a token for 12 hours, for ESA_TOKEN')
    .option(
      '--single-operator',
      'on the host: one person approves alone, announced, from minute 10 to minute 25',
    )
    .option('--no-single-operator', 'on the host: two persons approve again')
    .addHelpText('after', '\nExample:\n  esa login http://localhost:4310/sign-in/...')
    .action(async (link: string | undefined, flags: LoginFlags, command: Command) =>
      (await import('../commands/accounts.ts')).login(config(command), link, flags),
    )
}
