import type { Command } from 'commander'
import type { MeasureFlags } from '../commands/measure/measure.ts'
import type { WatchFlags } from '../commands/measure/watch.ts'
import { addAuthorityCommands } from './authority-commands.ts'
import type { CliContext } from '@esa/operations/plugin'
import { addIndexCommands } from './index-commands.ts'
import { addMigrateCommands } from './migrate-commands.ts'
import { addQueryCommands } from './query-commands.ts'
import { addSchemaCommands } from './schema-commands.ts'

const TARGET = '--target <target>'
const TARGET_IS = 'a name (esa targets), env:VAR or a URL'

/** `esa db ...`. */
export function addDatabaseCommands(program: Command, context: CliContext): void {
  const { config, environment } = context
  const db = program.command('db').description('Layer 1: look after a PostgreSQL database')
  db.command('measure')
    .description('measure the metrics of Layer 1’s card; exit 1 when one is out of bounds')
    .requiredOption(TARGET, TARGET_IS)
    .option('--workload <file>', 'statements to time, instead of sampling the traffic of others')
    .option('--window <duration>', 'how long traffic is sampled (default 5s)')
    .addHelpText(
      'after',
      '\nExamples:\n  esa db measure --target env:SHOP_URL --json\n  esa db measure --target shop --workload typical.sql',
    )
    .action(async (flags: MeasureFlags, command: Command) =>
      (await import('../commands/measure/measure.ts')).measureTarget(config(command), environment, flags),
    )
  db.command('watch')
    .description('have the running worker measure a named target again and again')
    .option(TARGET, 'a name (esa targets)')
    .option('--every <duration>', 'pause between two looks, at least 10s')
    .option('--stop', 'watch nothing from now on')
    .option('--live', 'show what is measured as it comes, until Ctrl-C')
    .addHelpText(
      'after',
      '\nExamples:\n  esa db watch --target shop --every 60s\n  esa db watch --target shop --live\n  esa db watch --stop',
    )
    .action(async (flags: WatchFlags, command: Command) =>
      (await import('../commands/measure/watch.ts')).watchTarget(config(command), environment, flags),
    )

  addAuthorityCommands(db, context)
  addIndexCommands(db, context)
  addMigrateCommands(db, context)
  addQueryCommands(db, context)
  addSchemaCommands(db, context)
}
