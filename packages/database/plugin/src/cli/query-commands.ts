import type { Command } from 'commander'
import type { ExplainFlags } from '../commands/queries/explain.ts'
import type { GrantsFlags } from '../commands/review/grants.ts'
import type { QueriesFlags } from '../commands/queries/queries.ts'
import type { CliContext } from '@esa/operations/plugin'

const TARGET = '--target <target>'
const TARGET_IS = 'a name (esa targets), env:VAR or a URL'

/** `esa db explain`, `esa db queries`, `esa db grants`: the queries of a database, and who may run them. */
export function addQueryCommands(db: Command, { config, environment }: CliContext): void {
  db.command('explain')
    .argument('<sql>', 'one SELECT; write -- before one that begins with a dash')
    .description('run one SELECT under EXPLAIN ANALYZE, read-only, and say what its plan gives away')
    .requiredOption(TARGET, TARGET_IS)
    .option('--timeout <duration>', 'cut off after so long (default 30s)')
    .option('--copy-rows', 'try indexes on a copy of a target that is on another machine')
    .addHelpText(
      'after',
      `\nExample:\n  esa db explain --target shop "select * from orders where lower(email) = 'ada@example.com'"`,
    )
    .action(async (sql: string, flags: ExplainFlags, command: Command) =>
      (await import('../commands/queries/explain.ts')).explainSql(config(command), environment, sql, flags),
    )
  db.command('queries')
    .description('which statements take the time, which have a long tail, which run in a loop')
    .requiredOption(TARGET, TARGET_IS)
    .option(
      '--window <duration>',
      'how long sessions are looked at where pg_stat_statements is missing (default 5s)',
    )
    .addHelpText('after', '\nExample:\n  esa db queries --target shop --json')
    .action(async (flags: QueriesFlags, command: Command) =>
      (await import('../commands/queries/queries.ts')).listQueries(config(command), environment, flags),
    )
  db.command('grants')
    .description('print the SQL of the roles analyst, migrator and runtime; it runs nothing')
    .requiredOption(TARGET, TARGET_IS)
    .option('--schemas <names>', 'schemas that are granted, separated by commas (default: all)')
    .addHelpText('after', '\nExample:\n  esa db grants --target shop --schemas public,sales > roles.sql')
    .action(async (flags: GrantsFlags, command: Command) =>
      (await import('../commands/review/grants.ts')).printGrants(config(command), environment, flags),
    )
}
