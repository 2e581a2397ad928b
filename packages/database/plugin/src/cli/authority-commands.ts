import type { Command } from 'commander'
import type { AuthorityFlags } from '../commands/authority/authority.ts'
import type { AskFlags } from '../commands/authority/approvals.ts'
import type { ConnectionsFlags } from '../commands/queries/connections.ts'
import type { FreezeFlags } from '../commands/authority/freeze.ts'
import type { CliContext } from '@esa/operations/plugin'
import { copyRowsOption } from './copy-rows-option.ts'

const TARGET = '--target <target>'
const TARGET_IS = 'a name (esa targets), env:VAR or a URL'

/** `esa db approvals ...`, `esa db authority`, `esa db freeze`, `esa db unfreeze`. */
export function addAuthorityCommands(db: Command, context: CliContext): void {
  const { config, environment } = context
  addApprovalCommands(db, context)
  db.command('authority')
    .description('what Layer 1 may do without asking; without an option it is shown')
    .option('--alone <change...>', 'create-index, analyze or validate-constraint')
    .option('--ask', 'every change of a database needs an approval (the default)')
    .addHelpText('after', '\nExamples:\n  esa db authority\n  esa db authority --alone create-index analyze')
    .action(async (flags: AuthorityFlags, command: Command) =>
      (await import('../commands/authority/authority.ts')).setAuthority(config(command), flags),
    )
  db.command('connections')
    .description('what a server takes, what its clients do, and how large the pools may be')
    .requiredOption(TARGET, TARGET_IS)
    .option('--processes <n>', 'processes with a pool each', '1')
    .addHelpText('after', '\nExample:\n  esa db connections --target shop --processes 4')
    .action(async (flags: ConnectionsFlags, command: Command) =>
      (await import('../commands/queries/connections.ts')).adviseConnections(
        config(command),
        environment,
        flags,
      ),
    )
  db.command('freeze')
    .description('nothing is applied to a target from now on, whatever was approved')
    .requiredOption(TARGET, TARGET_IS)
    .requiredOption('--reason <text>', 'why')
    .addHelpText(
      'after',
      '\nExample:\n  esa db freeze --target shop --reason "rows are missing, see incident 01K..."',
    )
    .action(async (flags: FreezeFlags & { reason: string }, command: Command) =>
      (await import('../commands/authority/freeze.ts')).freezeTarget(config(command), environment, flags),
    )
  db.command('unfreeze')
    .description('a frozen target may be changed again')
    .requiredOption(TARGET, TARGET_IS)
    .addHelpText('after', '\nExample:\n  esa db unfreeze --target shop')
    .action(async (flags: FreezeFlags, command: Command) =>
      (await import('../commands/authority/freeze.ts')).thawTarget(config(command), environment, flags),
    )
}

/** `esa approvals ...`, and by its older name `esa db approvals ...`. */
export function addApprovalCommands(parent: Command, { config, environment }: CliContext): void {
  const approvals = parent
    .command('approvals')
    .description('what waits for an approval before it may run on a target')
  approvals
    .command('ask')
    .description(
      'ask for the approval of every statement that takes one: the chief, and for what may lose data two persons',
    )
    .requiredOption(TARGET, TARGET_IS)
    .requiredOption('--because <text>', 'why it is to be done')
    .option(
      '--migration <file>',
      'all that the apply of a file, a plan or a folder lacks on the target, with what was measured there',
    )
    .option('--ledger <file>', 'with --migration: the file that its apply keeps its record in')
    .option('--file <file>', 'SQL, or a plan (esa db migrate plan)')
    .option('--statement <sql>', 'one statement')
    .option(
      '--evidence <file>',
      'JSON for the approver, before what is found out here: {"incidentId": ..., "blockedMsMax": 12}',
    )
    .addOption(copyRowsOption())
    .addHelpText(
      'after',
      '\nExample:\n  esa approvals ask --target shop --migration drop-old.sql --because "unused since May"',
    )
    .action(async (flags: AskFlags, command: Command) =>
      (await import('../commands/authority/approvals.ts')).askForApproval(
        config(command),
        environment,
        flags,
      ),
    )
  approvals
    .command('ls')
    .description('approvals that are open')
    .option('--all', 'also those that are over')
    .addHelpText('after', '\nExample:\n  esa approvals ls --json')
    .action(async (flags: { all?: boolean }, command: Command) =>
      (await import('../commands/authority/approvals.ts')).listApprovals(config(command), flags),
    )
  approvals
    .command('show')
    .argument('<id>')
    .description('the whole statement, its hash, and who has approved it')
    .addHelpText('after', '\nExample:\n  esa approvals show 01K...')
    .action(async (id: string, _: object, command: Command) =>
      (await import('../commands/authority/approvals.ts')).showApproval(config(command), id),
    )
  const about = {
    approve: 'approve it for 15 minutes; takes the ESA_TOKEN of a person, and never the requester’s',
    reject: 'reject it finally; needs ESA_TOKEN',
    withdraw: 'take the request back',
  }
  for (const verb of ['approve', 'reject', 'withdraw'] as const) {
    approvals
      .command(verb)
      .argument('<id>')
      .description(about[verb])
      .option('--as <who>', 'operator, or the chief or the CEO that decides', 'operator')
      .option('--because <text>', 'why')
      .option('--hash <sha256>', 'of the statement that you have read (default: the one that is shown)')
      .addHelpText('after', `\nExample:\n  esa approvals ${verb} 01K... --because "checked the copy"`)
      .action(async (id: string, flags: { as?: string; because?: string; hash?: string }, command: Command) =>
        (await import('../commands/authority/approvals.ts')).judgeApproval(config(command), verb, id, flags),
      )
  }
}
