import { type Command, Option } from 'commander'
import type { Commands } from './commands.ts'

type Flags = Record<string, string | undefined>

/** One command on an incident: its verb, what it takes besides `--as`, and its example. */
interface Verb {
  name: string
  does: string
  options: [flags: string, description: string, required: boolean][]
  example: string
  as?: 'optional'
}

const HOLD = '--for <duration>'

/** The verbs of the ladder. Source: docs/escalation.md, "States, commands". */
const VERBS: Verb[] = [
  {
    name: 'ack',
    does: 'acknowledge: the wait stops, and an acknowledgement time-out runs',
    options: [[HOLD, 'how long it holds, at most 24h (default 2h)', false]],
    example: 'esa incidents ack 01K... --as layer-2 --for 2h',
  },
  {
    name: 'decline',
    does: 'decline: when the last addressee has, the next level is told',
    options: [['--reason <text>', 'why', true]],
    example: 'esa incidents decline 01K... --as layer-3 --reason "not my pool"',
  },
  {
    name: 'resolve',
    does: 'resolve, with its cause',
    options: [['--cause <text>', 'what it was', true]],
    example: 'esa incidents resolve 01K... --as chief-1 --cause "missing index"',
  },
  {
    name: 'withdraw',
    does: 'take it back; for the agent that opened it',
    options: [],
    example: 'esa incidents withdraw 01K... --as layer-1',
  },
  {
    name: 'snooze',
    does: 'quiet for a while, then the same level is told again',
    options: [[HOLD, 'at most 4h', true]],
    example: 'esa incidents snooze 01K... --as domain-1 --for 1h',
  },
  {
    name: 'suppress',
    does: 'freeze what is left of the wait',
    options: [[HOLD, 'at most 24h', true]],
    example: 'esa incidents suppress 01K... --as operator --for 1h',
  },
  {
    name: 'unsuppress',
    does: 'let the frozen wait go on',
    options: [],
    example: 'esa incidents unsuppress 01K...',
    as: 'optional',
  },
  {
    name: 'escalate',
    does: 'tell the next level now',
    options: [['--epoch <n>', 'refuse when the incident has moved on since this epoch', false]],
    example: 'esa incidents escalate 01K... --as layer-2 --epoch 3',
  },
  {
    name: 'reassign',
    does: 'hand it to another agent at the same level',
    options: [['--to <agent>', 'who takes it', true]],
    example: 'esa incidents reassign 01K... --as operator --to layer-14',
  },
  {
    name: 'raise',
    does: 'raise it to data loss: the CEO is told at once',
    options: [],
    example: 'esa incidents raise 01K... --as layer-1',
  },
]

/** `esa incidents ...`, `esa timers`. */
export function addIncidentCommands({ program, config }: Commands): void {
  const incidents = program.command('incidents').description('incidents and what can be asked of them')
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
  for (const verb of VERBS) addVerb(incidents, verb, config)
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
    .description('write a note about it; moves nothing and tells nobody')
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

function addVerb(incidents: Command, verb: Verb, config: Commands['config']): void {
  const command = incidents.command(verb.name).argument('<id>').description(verb.does)
  if (verb.as === 'optional') command.option('--as <who>', 'agent id or operator (default operator)')
  else command.requiredOption('--as <who>', 'agent id or operator')
  for (const [flags, description, required] of verb.options) {
    if (required) command.requiredOption(flags, description)
    else command.option(flags, description)
  }
  command
    .addHelpText('after', `\nExample:\n  ${verb.example}`)
    .action(async (id: string, flags: Flags, own: Command) =>
      (await import('../commands/incidents.ts')).giveCommand(config(own), verb.name, id, flags),
    )
}
