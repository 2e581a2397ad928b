import { type Command, Option } from 'commander'
import type { Commands } from './commands.ts'
import { addVerbs } from './incident-verbs.ts'

type Flags = Record<string, string | undefined>

/** `esa incidents ...`, `esa timers`. */
export function addIncidentCommands({ program, config }: Commands): void {
  const incidents = program.command('incidents').description('incidents and their commands')
  incidents
    .command('open')
    .description('open an incident; its ladder is pinned from the agent’s card')
    .requiredOption('--agent <id>', 'the agent that opens it')
    .requiredOption(
      '--category <category>',
      'integration, performance, architecture, data-loss, blocker, coordination, production, conflict, security or overload',
    )
    .requiredOption('--title <text>', 'one line')
    .option(
      '--dedup-key <key>',
      'while an incident of this agent and key is open, another open only counts up',
    )
    .option('--evidence <file>', 'a JSON file of what was seen')
    .addHelpText(
      'after',
      '\nExample:\n  esa incidents open --agent layer-1 --category integration --title "pool exhausted" --json',
    )
    .action(async (flags: Flags, command: Command) =>
      (await import('../commands/incidents.ts')).openIncident(config(command), flags),
    )
  incidents
    .command('show')
    .argument('<id>')
    .description('one incident')
    .addHelpText('after', '\nExample:\n  esa incidents show 01K... --json')
    .action(async (id: string, _: Flags, command: Command) =>
      (await import('../commands/show-incidents.ts')).showIncident(config(command), id),
    )
  incidents
    .command('ls')
    .description('incidents, newest first')
    .option('--open', 'only those that are not resolved')
    .addOption(
      new Option('--level <level>', 'only those that stand at this level').choices([
        'peer',
        'domain',
        'chief',
        'ceo',
      ]),
    )
    .addHelpText('after', '\nExample:\n  esa incidents ls --open --level chief')
    .action(async (flags: Flags, command: Command) =>
      (await import('../commands/show-incidents.ts')).listIncidents(config(command), flags),
    )
  incidents
    .command('watch')
    .argument('[id]')
    .description('what happens, as it happens: to one incident until it is resolved, or to all that are open')
    .addHelpText('after', '\nExamples:\n  esa incidents watch\n  esa incidents watch 01K... --json')
    .action(async (id: string | undefined, _: object, command: Command) =>
      (await import('../commands/watch-incidents.ts')).watchIncidents(config(command), id),
    )
  addVerbs(incidents, config)
  addNoteCommands(incidents, config)

  program
    .command('timers')
    .description('every armed deadline, the next first')
    .addHelpText('after', '\nExample:\n  esa timers --json')
    .action(async (_: Flags, command: Command) =>
      (await import('../commands/timers.ts')).listTimers(config(command)),
    )
}

function addNoteCommands(incidents: Command, config: Commands['config']): void {
  incidents
    .command('note')
    .argument('<id>')
    .description('write a note about it; changes nothing and notifies no one')
    .requiredOption('--text <text>', 'what is to be remembered')
    .option('--as <who>', 'agent id or operator (default operator)')
    .addHelpText('after', '\nExample:\n  esa incidents note 01K... --text "the pool was resized by hand"')
    .action(async (id: string, flags: { as?: string; text: string }, command: Command) =>
      (await import('../commands/notes.ts')).writeNote(config(command), id, flags),
    )
  incidents
    .command('notes')
    .argument('<id>')
    .description('what was written about it')
    .addHelpText('after', '\nExample:\n  esa incidents notes 01K...')
    .action(async (id: string, _: Flags, command: Command) =>
      (await import('../commands/notes.ts')).listNotes(config(command), id),
    )
}
