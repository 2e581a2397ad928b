import type { Command } from 'commander'
import type { PersonFlags, StandInFlags } from '../commands/people.ts'
import type { Commands } from './commands.ts'

/** `esa people ...`. */
export function addPeopleCommands({ program, config }: Commands): void {
  const people = program.command('people').description('who is on call, and how they are reached')
  people
    .command('add')
    .argument('<person>', 'their name')
    .description('put a person on call for an agent, or only as a substitute')
    .option('--agent <id>', 'whose seat they hold (esa agents seat ID --human gives it to a person)')
    .option('--channel <name...>', 'reached by these channels')
    .option('--email <address...>', 'reached by mail, through the channel of kind email')
    .addHelpText(
      'after',
      '\nExample:\n  esa people add Ada --agent chief-1 --email ada@example.org --channel pager',
    )
    .action(async (person: string, flags: PersonFlags, command: Command) =>
      (await import('../commands/people.ts')).addPerson(config(command), person, flags),
    )
  people
    .command('ls')
    .description('all people on call, and overrides')
    .addHelpText('after', '\nExample:\n  esa people ls --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/people.ts')).listPeople(config(command)),
    )
  people
    .command('remove')
    .argument('<person>')
    .description('take a person off call')
    .option('--agent <id>', 'for this seat; without it, as a substitute')
    .addHelpText('after', '\nExample:\n  esa people remove Ada --agent chief-1')
    .action(async (person: string, flags: { agent?: string }, command: Command) =>
      (await import('../commands/people.ts')).removePerson(config(command), person, flags),
    )
  people
    .command('on-call')
    .argument('<agent>')
    .description('who is reached for an agent now, by the clock of the database')
    .requiredOption('--level <level>', 'peer, domain, chief or ceo: a whole level may have an override')
    .addHelpText('after', '\nExample:\n  esa people on-call chief-1 --level chief')
    .action(async (agent: string, flags: { level: string }, command: Command) =>
      (await import('../commands/people.ts')).showOnCall(config(command), agent, flags),
    )
  people
    .command('override')
    .argument('<level>', 'peer, domain, chief or ceo')
    .description('have one person replace all people on call at a level, for a while')
    .option('--person <name>', 'who')
    .option('--from <instant>', 'from when on (default: now)')
    .option('--until <instant>', 'until when: 2026-01-31T18:00:00Z, or 12h from now')
    .option('--end', 'end it now')
    .addHelpText('after', '\nExample:\n  esa people override chief --person Bob --until 12h')
    .action(async (level: string, flags: StandInFlags, command: Command) =>
      (await import('../commands/people.ts')).overrideLevel(config(command), level, flags),
    )
}
