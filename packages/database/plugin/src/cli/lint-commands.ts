import { type Command, Option } from 'commander'
import type { LintFlags } from '../commands/lint/lint.ts'
import type { CliContext } from '@esa/operations/plugin'

/** `esa db migrate lint`, `esa db migrate rules`. */
export function addLintCommands(migrate: Command, { config, environment }: CliContext): void {
  migrate
    .command('lint')
    .argument('<file...>', 'SQL files in the order in which they apply, or folders of them (Drizzle’s too)')
    .description('try each statement on a rehearsal database, and say what it locks, rewrites and risks')
    .option(
      '--target <target>',
      'the schema before is that of a target: a name (esa targets), env:VAR or a URL',
    )
    .option('--schema <file>', 'the schema before, as a script')
    .option('--independent', 'each file by itself on the schema before')
    .option(
      '--assume-in-transaction',
      'the tool that applies the files wraps each in a transaction (Flyway, Rails, Django, Alembic, Knex)',
    )
    .option('--rehearsal-url <url>', 'a server to try on, of the target’s version (or ESA_REHEARSAL_URL)')
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
      (await import('../commands/lint/lint.ts')).lintFiles(config(command), environment, files, flags),
    )
  migrate
    .command('rules')
    .description('print the rules of the lint: what each finds, why it is dangerous, and the safe way')
    .addHelpText('after', '\nExample:\n  esa db migrate rules | less')
    .action(async (_: object, command: Command) =>
      (await import('../commands/lint/lint-rules.ts')).printRules(config(command)),
    )
}
