import type { Command } from 'commander'
import type { ApplyFlags } from '../commands/migrate/apply.ts'
import type { RollbackFlags } from '../commands/migrate/rollback.ts'
import type { RehearsalFlags } from '../sandbox/on-rehearsal.ts'
import type { CliContext } from '@esa/operations/plugin'
import { copyRowsOption } from './copy-rows-option.ts'

const TARGET = ['--target <target>', 'a name (esa targets), env:VAR or a URL'] as const
const LEDGER = ['--ledger <file>', 'keep the record in a file, for a role that may make no schema'] as const
const LOCK_TIMEOUT = [
  '--lock-timeout <duration>',
  'longest wait in the queue of a lock (default 500ms)',
] as const

const BESIDE = [
  '--beside-ledger <name...>',
  'the record of prisma, flyway, liquibase, alembic, knex or django here is a leftover',
] as const

/** `esa db migrate verify|apply|rollback`: what is sure before, what is done, and the way back. */
export function addApplyCommands(migrate: Command, { config, environment }: CliContext): void {
  migrate
    .command('apply')
    .argument('<what>', 'a file of SQL, a plan (.json), or a folder of files')
    .description('apply step by step: short locks, a record of every step, and on again after any end')
    .requiredOption(...TARGET)
    .option('--phase <name>', 'this phase of a plan only')
    .option(...LOCK_TIMEOUT)
    .option(...LEDGER)
    .option(...BESIDE)
    .addHelpText(
      'after',
      '\nExamples:\n  esa db migrate apply 0042_orders.sql --target shop\n  esa db migrate apply plan.json --target shop --phase contract',
    )
    .action(async (what: string, flags: ApplyFlags, command: Command) =>
      (await import('../commands/migrate/apply.ts')).applyFiles(config(command), environment, what, flags),
    )
  migrate
    .command('verify')
    .argument('<what>', 'a file of SQL, a plan (.json), or a folder of files')
    .description(
      'run it on a private copy with rows, and say whether a row or a value is lost; exit 1 when one is',
    )
    .option('--target <target>', 'copied: a name (esa targets), env:VAR or a URL')
    .option('--schema <file>', 'the schema and rows before, as a script')
    .addOption(copyRowsOption())
    .option('--rehearsal-url <url>', 'a server for the copy, of the target’s version (or ESA_REHEARSAL_URL)')
    .addHelpText(
      'after',
      '\nExamples:\n  esa db migrate verify 0042_orders.sql --target shop --json\n  esa db migrate verify plan.json --schema shop.sql',
    )
    .action(async (what: string, flags: RehearsalFlags, command: Command) =>
      (await import('../commands/migrate/verify.ts')).verifyFile(config(command), environment, what, flags),
    )
  migrate
    .command('rollback')
    .description('undo the last migration, or all that came after one, as the record says')
    .requiredOption(...TARGET)
    .option('--to <id>', 'the migration that stays, with everything before it')
    .option(...LOCK_TIMEOUT)
    .option(...LEDGER)
    .option(...BESIDE)
    .addHelpText(
      'after',
      '\nExamples:\n  esa db migrate rollback --target shop\n  esa db migrate rollback --target shop --to 0041_customers.sql',
    )
    .action(async (flags: RollbackFlags, command: Command) =>
      (await import('../commands/migrate/rollback.ts')).rollBack(config(command), environment, flags),
    )
}
