import { type Command, Option } from 'commander'
import type { CheckFlags } from '../commands/review/check.ts'
import type { ReviewFlags } from '../commands/review/schema.ts'
import type { StorageFlags } from '../commands/review/storage.ts'
import { REPORTERS } from '../output/finding-reporters.ts'
import type { CliContext } from '@esa/operations/plugin'

const TARGET = '--target <target>'
const TARGET_IS = 'a name (esa targets), env:VAR or a URL'
const WORKLOAD = '--workload <file>'
const WORKLOAD_IS = 'statements that stand for the load, instead of pg_stat_statements'

/** `esa db schema`, `integrity`, `storage`, `check`, `normalize`: reviews of a database, reading only. */
export function addSchemaCommands(db: Command, { config, environment }: CliContext): void {
  db.command('schema')
    .description('review types, keys, names and structure of a schema')
    .requiredOption(TARGET, TARGET_IS)
    .addHelpText('after', '\nExample:\n  esa db schema --target shop --json')
    .action(async (flags: ReviewFlags, command: Command) =>
      (await import('../commands/review/schema.ts')).reviewTargetSchema(config(command), environment, flags),
    )
  db.command('integrity')
    .description('check rows against what the schema means: orphans, duplicates, keys that run out')
    .requiredOption(TARGET, TARGET_IS)
    .addHelpText('after', '\nExample:\n  esa db integrity --target shop')
    .action(async (flags: ReviewFlags, command: Command) =>
      (await import('../commands/review/integrity.ts')).checkTargetIntegrity(
        config(command),
        environment,
        flags,
      ),
    )
  db.command('storage')
    .description('review sizes, growth, bloat and vacuum, and say which table to partition')
    .requiredOption(TARGET, TARGET_IS)
    .option(WORKLOAD, WORKLOAD_IS)
    .addHelpText('after', '\nExample:\n  esa db storage --target shop --workload typical.sql')
    .action(async (flags: StorageFlags, command: Command) =>
      (await import('../commands/review/storage.ts')).reviewTargetStorage(
        config(command),
        environment,
        flags,
      ),
    )
  db.command('check')
    .description('schema, integrity and storage in one; exit 1 when an error was found')
    .requiredOption(TARGET, TARGET_IS)
    .option(WORKLOAD, WORKLOAD_IS)
    .option('--normalize', 'read the rows too, and score how they are normalised')
    .addOption(new Option('--reporter <how>', 'how the answer is written').choices(REPORTERS))
    .addHelpText(
      'after',
      '\nExamples:\n  esa db check --target env:SHOP_URL --json\n  esa db check --target env:SHOP_URL --reporter sarif > check.sarif',
    )
    .action(async (flags: CheckFlags, command: Command) =>
      (await import('../commands/review/check.ts')).checkTarget(config(command), environment, flags),
    )
  db.command('normalize')
    .description('find what the rows say twice, score it, and propose splits that are proven lossless')
    .requiredOption(TARGET, TARGET_IS)
    .addHelpText('after', '\nExample:\n  esa db normalize --target shop --json')
    .action(async (flags: ReviewFlags, command: Command) =>
      (await import('../commands/review/normalize.ts')).normalizeTarget(config(command), environment, flags),
    )
}
