import type { Command } from 'commander'
import type { SendFlags } from '../commands/tasks.ts'
import type { Commands } from './commands.ts'

type Flags = Record<string, string | undefined>

/** `esa tasks ...`, `esa inbox ...`. */
export function addMessageCommands(commands: Commands): void {
  addTaskCommands(commands)
  const { program, config } = commands
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
    .action(async (item: string, flags: { as: string; text: string }, command: Command) =>
      (await import('../commands/inbox.ts')).answerMessage(config(command), item, flags),
    )
  addJudgement(inbox, config, 'approve', '--because <text>', false)
  addJudgement(inbox, config, 'reject', '--because <text>', true)
}

function addJudgement(
  inbox: Command,
  config: Commands['config'],
  verb: 'approve' | 'reject',
  because: string,
  required: boolean,
): void {
  const command = inbox
    .command(verb)
    .argument('<item>')
    .description(`${verb} a proposal; needs ESA_TOKEN, from someone other than the proposer`)
    .requiredOption('--as <agent>', 'whose inbox it is in')
  if (required) command.requiredOption(because, 'why')
  else command.option(because, 'why')
  command
    .addHelpText(
      'after',
      `\nExample:\n  esa inbox ${verb} 01K... --as chief-1 --because "it can wait for the window"`,
    )
    .action(async (item: string, flags: { as: string; because?: string }, own: Command) =>
      (await import('../commands/inbox.ts')).judge(config(own), item, verb === 'approve', flags),
    )
}

function addTaskCommands({ program, config }: Commands): void {
  const tasks = program.command('tasks').description('messages between agents')
  tasks
    .command('send')
    .description('send a message in an agent’s name; a person or a playbook answers it')
    .requiredOption('--from <agent>', 'agent id or operator')
    .requiredOption('--to <agent...>', 'one agent or several')
    .requiredOption('--subject <text>', 'one line')
    .requiredOption('--body <json>', 'what its type asks for: see docs/protocol.md')
    .option('--type <type>', 'type of message', 'task_request')
    .option('--priority <priority>', 'critical, high, medium or low')
    .option('--thread <id>', 'the conversation that it belongs to')
    .option('--in-reply-to <id>', 'the message that this one answers')
    .option('--response-required', 'without an answer in its priority’s time it becomes a blocker')
    .option('--respond-by <instant>', 'the same, at this instant: 2026-01-31T18:00:00Z')
    .addHelpText(
      'after',
      `\nExample:\n  esa tasks send --from domain-1 --to layer-14 --subject caching --body '{"task":"cache the catalogue"}' --response-required`,
    )
    .action(async (flags: SendFlags, command: Command) =>
      (await import('../commands/tasks.ts')).sendMessage(config(command), flags),
    )
  tasks
    .command('ls')
    .description('messages of the organization, the newest first')
    .option('--agent <id>', 'from or to this agent only')
    .option('--open', 'only those that wait in an inbox')
    .addHelpText('after', '\nExample:\n  esa tasks ls --agent layer-14 --open')
    .action(async (flags: { agent?: string; open?: boolean }, command: Command) =>
      (await import('../commands/tasks.ts')).listMessages(config(command), flags),
    )
  tasks
    .command('show')
    .argument('<message>')
    .description('a message, its state, and its answers')
    .addHelpText('after', '\nExample:\n  esa tasks show 01K...')
    .action(async (id: string, _: object, command: Command) =>
      (await import('../commands/tasks.ts')).showTask(config(command), id),
    )
  tasks
    .command('answer')
    .argument('<message>')
    .description('answer a message on behalf of its recipient')
    .requiredOption('--text <text>', 'the answer')
    .option('--as <agent>', 'whose inbox it is in')
    .addHelpText('after', '\nExample:\n  esa tasks answer 01K... --text "cache it for 60 s"')
    .action(async (id: string, flags: { text: string; as?: string }, command: Command) =>
      (await import('../commands/inbox.ts')).answerMessage(config(command), id, flags),
    )
}
