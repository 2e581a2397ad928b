import type { Command } from 'commander'
import type { PlanFlags } from '../commands/migrate/plan.ts'
import type { RehearsalFlags } from '../sandbox/on-rehearsal.ts'
import { addApplyCommands } from './apply-commands.ts'
import type { CliContext } from '@esa/operations/plugin'
import { copyRowsOption } from './copy-rows-option.ts'
import { addLintCommands } from './lint-commands.ts'

/** `esa db migrate ...`: what changes a database's schema. */
export function addMigrateCommands(db: Command, context: CliContext): void {
  const { config, environment } = context
  const migrate = db.command('migrate').description('change a schema without standing in the way of others')
  addLintCommands(migrate, context)
  migrate
    .command('plan')
    .argument(
      '<from>',
      'a schema (SQL, drizzle.config.ts, a Drizzle migrations folder); with --target what changes it',
    )
    .argument('[to]', 'the target schema')
    .description(
      'plan a change in phases that do not block traffic: expand, backfill, validate, switch, contract',
    )
    .option(
      '--target <target>',
      'the schema before is that of a target: a name (esa targets), env:VAR or a URL',
    )
    .option('--rename <old=new>', 'a table or column that changes its name; never guessed', collect)
    .option('--fill <column=expression>', 'what rows get that have no value', collect)
    .option('--hints <file>', 'JSON with rename, fill, using, split, extract')
    .option('--write <dir>', 'write plan.json and a script for each phase and its way back')
    .addHelpText(
      'after',
      '\nExamples:\n  esa db migrate plan old.sql new.sql --rename orders.total=amount\n  esa db migrate plan drizzle/ drizzle.config.ts --write plan\n  esa db migrate plan 0042_orders.sql --target shop --json',
    )
    .action(async (from: string, to: string | undefined, flags: PlanFlags, command: Command) =>
      (await import('../commands/migrate/plan.ts')).planBetweenFiles(
        config(command),
        environment,
        [from, to],
        flags,
      ),
    )
  migrate
    .command('rehearse')
    .argument(
      '<file...>',
      'SQL files or folders of migrations (Drizzle’s too), in the order in which they apply',
    )
    .description(
      'run files on a private copy of a target, say what works and how long it takes, and leave nothing',
    )
    .option('--target <target>', 'copied: a name (esa targets), env:VAR or a URL')
    .option('--schema <path>', 'the schema before, as a script or a folder of migrations')
    .addOption(copyRowsOption())
    .option('--rehearsal-url <url>', 'a server for the copy, of the target’s version (or ESA_REHEARSAL_URL)')
    .addHelpText(
      'after',
      '\nExamples:\n  esa db migrate rehearse 0042_orders.sql --target shop --copy-rows\n  esa db migrate rehearse migrations/*.sql --schema schema.sql --json',
    )
    .action(async (files: string[], flags: RehearsalFlags, command: Command) =>
      (await import('../commands/migrate/rehearse.ts')).rehearseFiles(
        config(command),
        environment,
        files,
        flags,
      ),
    )
  addApplyCommands(migrate, context)
}

/** A flag that may be given more than once. */
function collect(value: string, before: string[] = []): string[] {
  return [...before, value]
}
