import type { Command } from 'commander'
import type { Commands } from '../program.ts'

/** `esa demo`, `up`, `down`, `worker`, `migrate`, `status`. */
export function addRuntimeCommands({ program, config, began }: Commands): void {
  program
    .command('demo')
    .description('the main job: a real incident climbs a real ladder on a real database, in under a minute')
    .option('--keep', 'leave the database and the worker running at the end')
    .addHelpText('after', '\nExample:\n  esa demo --keep')
    .action(async (flags: { keep?: boolean }, command: Command) =>
      (await import('../demo/run-demo.ts')).runDemo(config(command), process.env, flags.keep === true),
    )
  program
    .command('up')
    .description('start the runtime in the foreground: database, schema and a worker; Ctrl-C stops it')
    .option('--no-migrate', 'refuse a schema that is not current instead of migrating it')
    .action(async (flags: { migrate: boolean }, command: Command) =>
      (await import('../commands/up.ts')).up(config(command), process.env, flags.migrate, began),
    )
  program
    .command('worker')
    .description('one more worker on a database that is up')
    .action(async (_: object, command: Command) =>
      (await import('../commands/run-worker.ts')).runWorker(config(command), process.env, began),
    )
  program
    .command('down')
    .description('stop the embedded database of this home')
    .action(async (_: object, command: Command) =>
      (await import('../commands/down.ts')).down(config(command)),
    )
  program
    .command('migrate')
    .description('bring the schema of the runtime’s database up to this version')
    .action(async (_: object, command: Command) =>
      (await import('../commands/up.ts')).migrateOnly(config(command)),
    )
  program
    .command('status')
    .description('what runs, what is open, and how late the ladder is')
    .action(async (_: object, command: Command) =>
      (await import('../commands/status.ts')).status(config(command)),
    )
}
