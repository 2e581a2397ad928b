import type { Command } from 'commander'
import type { Commands } from './commands.ts'

/** `esa demo`, `up`, `down`, `worker`, `migrate`, `status`. */
export function addRuntimeCommands({ program, config, began }: Commands): void {
  program
    .command('demo')
    .description('the main job: a real incident climbs a real ladder on a real database, in under a minute')
    .option('--keep', 'leave the database and the worker running at the end')
    .addHelpText('after', '\nExample:\n  esa demo --keep')
    .action(async (flags: { keep?: boolean }, command: Command) =>
      (await import('../demo/run-demo.ts')).runDemo(config(command), flags.keep === true),
    )
  program
    .command('up')
    .description('start the runtime in the foreground: database, schema and a worker; Ctrl-C stops it')
    .addHelpText('after', '\nExample:\n  esa up')
    .option('--no-migrate', 'refuse a schema that is not current instead of migrating it')
    .action(async (flags: { migrate: boolean }, command: Command) =>
      (await import('../commands/up.ts')).up(config(command), process.env, flags.migrate, began),
    )
  program
    .command('worker')
    .description('one more worker on a database that is up')
    .addHelpText('after', '\nExample:\n  esa worker')
    .action(async (_: object, command: Command) =>
      (await import('../commands/run-worker.ts')).runWorker(config(command), process.env, began),
    )
  program
    .command('down')
    .description('stop the embedded database of this home')
    .addHelpText('after', '\nExample:\n  esa --home .esa down')
    .action(async (_: object, command: Command) =>
      (await import('../commands/down.ts')).down(config(command)),
    )
  program
    .command('migrate')
    .description('bring the schema of the runtime’s database up to this version')
    .addHelpText('after', '\nExample:\n  esa migrate')
    .action(async (_: object, command: Command) =>
      (await import('../commands/up.ts')).migrateOnly(config(command)),
    )
  program
    .command('status')
    .description('what runs, what is open, and how late the ladder is')
    .addHelpText('after', '\nExample:\n  esa status --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/status.ts')).status(config(command)),
    )
}
