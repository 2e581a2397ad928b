import { type Command, Option } from 'commander'
import type { ApplyFlags } from '../commands/db-apply.ts'
import type { LintFlags } from '../commands/db-lint.ts'
import type { RehearsalFlags } from '../on-rehearsal.ts'
import type { Commands } from './commands.ts'

/** `esa db migrate ...`: what changes a database's schema. */
export function addMigrateCommands(db: Command, config: Commands['config']): void {
  const migrate = db.command('migrate').description('change a schema without standing in the way of others')
  migrate
    .command('lint')
    .argument('<file...>', 'SQL files, in the order in which they apply')
    .description('try each statement on a rehearsal database, and say what it locks, rewrites and risks')
    .option(
      '--target <target>',
      'the schema before is that of a target: a name (esa targets), env:VAR or a URL',
    )
    .option('--schema <file>', 'the schema before, as a script')
    .option('--independent', 'each file by itself on the schema before')
    .addOption(
      new Option('--format <format>', 'how the answer is written').choices([
        'text',
        'json',
        'sarif',
        'github',
      ]),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  esa db migrate lint 0042_orders.sql --target shop\n  esa db migrate lint migrations/*.sql --schema schema.sql --format sarif',
    )
    .action(async (files: string[], flags: LintFlags, command: Command) =>
      (await import('../commands/db-lint.ts')).lintFiles(config(command), process.env, files, flags),
    )
  migrate
    .command('rehearse')
    .argument('<file...>', 'SQL files, in the order in which they apply')
    .description(
      'run files on a private copy of a target, say what works and how long it takes, and leave nothing',
    )
    .option('--target <target>', 'copied: a name (esa targets), env:VAR or a URL')
    .option('--schema <file>', 'the schema before, as a script')
    .addOption(copyRowsOption())
    .option('--rehearsal-url <url>', 'a server for the copy, of the target’s version (or ESA_REHEARSAL_URL)')
    .addHelpText(
      'after',
      '\nExamples:\n  esa db migrate rehearse 0042_orders.sql --target shop --copy-rows\n  esa db migrate rehearse migrations/*.sql --schema schema.sql --json',
    )
    .action(async (files: string[], flags: RehearsalFlags, command: Command) =>
      (await import('../commands/db-rehearse.ts')).rehearseFiles(config(command), process.env, files, flags),
    )
  migrate
    .command('apply')
    .argument('<what>', 'a file of SQL, a plan (.json), or a folder of files')
    .description('apply step by step: short locks, a record of every step, and on again after any end')
    .requiredOption('--target <target>', 'a name (esa targets), env:VAR or a URL')
    .option('--phase <name>', 'this phase of a plan only')
    .option('--lock-timeout <duration>', 'longest wait in the queue of a lock (default 500ms)')
    .option('--ledger <file>', 'keep the record in a file, for a role that may make no schema')
    .addHelpText(
      'after',
      '\nExamples:\n  esa db migrate apply 0042_orders.sql --target shop\n  esa db migrate apply plan.json --target shop --phase contract',
    )
    .action(async (what: string, flags: ApplyFlags, command: Command) =>
      (await import('../commands/db-apply.ts')).applyFiles(config(command), process.env, what, flags),
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
      (await import('../commands/db-verify.ts')).verifyFile(config(command), process.env, what, flags),
    )
}

/** Rows leave a machine only when someone says so. */
export function copyRowsOption(): Option {
  return new Option(
    '--copy-rows [mode]',
    'copy rows too: a sample that keeps references whole, or all',
  ).choices(['sample', 'full'])
}
