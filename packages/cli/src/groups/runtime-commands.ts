import type { Command } from 'commander'
import type { Commands } from './commands.ts'

/** `esa demo`, `up`, `worker`, `down`, `status`, and what concerns the runtime's own database. */
export function addRuntimeCommands(commands: Commands): void {
  const { program, config, began } = commands
  program
    .command('demo')
    .description('the main job: a real incident climbs a real ladder on a real database, in under a minute')
    .option('--keep', 'leave the database and the worker running at the end')
    .addHelpText('after', '\nExample:\n  esa demo --keep')
    .action(async (flags: { keep?: boolean }, command: Command) =>
      (await import('../commands/demo.ts')).demo(config(command), process.env, flags.keep === true),
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
    .command('status')
    .description('what runs, what is open, and how late the ladder is')
    .addHelpText('after', '\nExample:\n  esa status --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/status.ts')).status(config(command)),
    )
  program
    .command('queues')
    .description('what waits by tier and for how long, what was given up, and who works it off')
    .addHelpText('after', '\nExample:\n  esa queues --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/queues.ts')).showQueues(config(command)),
    )
  program
    .command('openapi')
    .description('what the HTTP API takes and answers, as OpenAPI 3.1; a server has it at /openapi.json')
    .addHelpText('after', '\nExample:\n  esa openapi > openapi.json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/openapi.ts')).printOpenApi(config(command)),
    )
  addStoreCommands(commands)
}

/** `esa migrate`, `adopt`, `retain`. */
function addStoreCommands({ program, config }: Commands): void {
  program
    .command('migrate')
    .description('bring the schema of the runtime’s database up to this version')
    .addHelpText('after', '\nExample:\n  esa migrate')
    .action(async (_: object, command: Command) =>
      (await import('../commands/up.ts')).migrateOnly(config(command)),
    )
  program
    .command('adopt')
    .description('let a muted runtime act in the database that it finds itself in')
    .option('--same', 'it is the same database under another address, not a copy: the runtime keeps its id')
    .addHelpText(
      'after',
      `
A runtime that finds itself in a copy of its database (a restored backup, a clone) starts muted: nothing is sent and no
deadline is served, because the original may be alive. Adopting makes the copy a world of its own.

Examples:
  esa --database-url postgresql://ada@restored/esa adopt
  esa adopt --same     the database moved, or is named by another host than before`,
    )
    .action(async (flags: { same?: boolean }, command: Command) =>
      (await import('../commands/adopt.ts')).adopt(config(command), flags),
    )
  program
    .command('retain')
    .description('move what ended long ago from the database to a file')
    .requiredOption(
      '--older-than <duration>',
      'done messages, ended activities and closed incidents this old',
    )
    .requiredOption('-o, --output <file>', 'a new file, one JSON object a line')
    .addHelpText(
      'after',
      `
Nothing is ever removed by itself. A batch is written to the file, then removed; the last hash of a removed stream stays,
so that kept heads can still be checked.

Example:
  esa retain --older-than 90d -o retained.jsonl`,
    )
    .action(async (flags: { olderThan: string; output: string }, command: Command) =>
      (await import('../commands/retain.ts')).retain(config(command), flags),
    )
}
