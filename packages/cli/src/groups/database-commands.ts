import type { Command } from 'commander'
import type { MeasureFlags } from '../commands/db-measure.ts'
import type { WatchFlags } from '../commands/db-watch.ts'
import type { Commands } from './commands.ts'
import { addMigrateCommands } from './migrate-commands.ts'
import { addQueryCommands } from './query-commands.ts'

const TARGET = '--target <target>'
const TARGET_IS = 'a name (esa targets), env:VAR or a URL'

/** `esa db ...`, `esa targets ...`. */
export function addDatabaseCommands({ program, config }: Commands): void {
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
      (await import('../commands/db-measure.ts')).measureTarget(config(command), process.env, flags),
    )
  db.command('watch')
    .description('have the running worker measure a named target again and again')
    .option(TARGET, 'a name (esa targets)')
    .option('--every <duration>', 'pause between two looks, at least 10s')
    .option('--stop', 'watch nothing from now on')
    .addHelpText('after', '\nExamples:\n  esa db watch --target shop --every 60s\n  esa db watch --stop')
    .action(async (flags: WatchFlags, command: Command) =>
      (await import('../commands/db-watch.ts')).watchTarget(config(command), process.env, flags),
    )

  addMigrateCommands(db, config)
  addQueryCommands(db, config)

  const targets = program.command('targets').description('databases by name')
  targets
    .command('add')
    .argument('<name>')
    .argument('<at>', 'a URL, or env:VAR to keep its password out of the file')
    .description('give a database a name in this home')
    .option('--workload <file>', 'statements that stand for its load')
    .addHelpText('after', '\nExample:\n  esa targets add shop env:SHOP_URL --workload typical.sql')
    .action(async (name: string, at: string, flags: { workload?: string }, command: Command) =>
      (await import('../commands/targets.ts')).nameTarget(config(command), name, at, flags.workload),
    )
  targets
    .command('ls')
    .description('named databases')
    .addHelpText('after', '\nExample:\n  esa targets ls --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/targets.ts')).listTargets(config(command)),
    )
  targets
    .command('test')
    .argument('<target>', TARGET_IS)
    .description('connect, and say what answers and how fast')
    .addHelpText('after', '\nExample:\n  esa targets test shop')
    .action(async (name: string, _: object, command: Command) =>
      (await import('../commands/targets.ts')).testTarget(config(command), process.env, name),
    )
  targets
    .command('rm')
    .argument('<name>')
    .description('forget a name')
    .addHelpText('after', '\nExample:\n  esa targets rm shop')
    .action(async (name: string, _: object, command: Command) =>
      (await import('../commands/targets.ts')).forgetTarget(config(command), name),
    )
}
