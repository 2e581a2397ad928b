import type { Command } from 'commander'
import type { ExplainFlags } from '../commands/db-explain.ts'
import type { Commands } from './commands.ts'

const TARGET = '--target <target>'
const TARGET_IS = 'a name (esa targets), env:VAR or a URL'

/** `esa db explain`, `esa db queries`, `esa db grants`: what is asked of a database, and who may ask it. */
export function addQueryCommands(db: Command, config: Commands['config']): void {
  db.command('explain')
    .argument('<sql>', 'one SELECT; write -- before one that begins with a dash')
    .description('run one SELECT under EXPLAIN ANALYZE, read-only, and say what its plan gives away')
    .requiredOption(TARGET, TARGET_IS)
    .option('--timeout <duration>', 'cut off after so long (default 30s)')
    .addHelpText(
      'after',
      `\nExample:\n  esa db explain --target shop "select * from orders where lower(email) = 'ada@example.com'"`,
    )
    .action(async (sql: string, flags: ExplainFlags, command: Command) =>
      (await import('../commands/db-explain.ts')).explainSql(config(command), process.env, sql, flags),
    )
}
