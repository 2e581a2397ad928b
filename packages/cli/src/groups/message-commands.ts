import type { Command } from 'commander'
import type { SendFlags } from '../commands/tasks.ts'
import type { Commands } from './commands.ts'

type Flags = Record<string, string | undefined>

/** `esa tasks ...`, `esa inbox ...`. */
export function addMessageCommands({ program, config }: Commands): void {
  program
    .command('tasks')
    .description('messages between agents')
    .command('send')
    .description('send a message in an agent’s name; a person or a playbook answers it')
    .requiredOption('--from <agent>', 'agent id or operator')
    .requiredOption('--to <agent...>', 'one agent or several')
    .requiredOption('--subject <text>', 'one line')
    .requiredOption('--body <json>', 'what its type asks for: see docs/protocol.md')
    .option('--type <type>', 'type of message', 'task_request')
    .option('--priority <priority>', 'critical, high, medium or low')
    .option('--thread <id>', 'the conversation that it belongs to')
    .addHelpText(
      'after',
      `\nExample:\n  esa tasks send --from domain-1 --to layer-14 --subject caching --body '{"task":"cache the catalogue"}'`,
    )
    .action(async (flags: SendFlags, command: Command) =>
      (await import('../commands/tasks.ts')).sendMessage(config(command), flags),
    )

  const inbox = program.command('inbox').description('what waits for a person’s answer')
  inbox
    .command('ls')
    .description('open items')
    .option('--agent <id>', 'of one agent only')
    .addHelpText('after', '\nExample:\n  esa inbox ls --agent layer-14')
    .action(async (flags: Flags, command: Command) =>
      (await import('../commands/inbox.ts')).listInbox(config(command), flags['agent']),
    )
  inbox
    .command('answer')
    .argument('<item>')
    .description('answer a message in an agent’s name')
    .requiredOption('--as <agent>', 'whose inbox it is in')
    .requiredOption('--text <text>', 'the answer')
    .addHelpText('after', '\nExample:\n  esa inbox answer 01K... --as layer-14 --text "cache it for 60 s"')
    .action(async (item: string, flags: Flags, command: Command) =>
      (await import('../commands/inbox.ts')).answerItem(config(command), item, flags),
    )
}
