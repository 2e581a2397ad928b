import type { Command } from 'commander'
import type { AskFlags } from '../commands/agents-ask.ts'
import type { NewAgentFlags } from '../commands/new-agent.ts'
import type { SeatFlags } from '../commands/seats.ts'
import type { Commands } from './commands.ts'

/** `esa agents ...`, `esa org ...`. */
export function addOrgCommands({ program, config }: Commands): void {
  const agents = program.command('agents').description('the agents, their cards and their seats')
  agents
    .command('ls')
    .description('every agent of the organization')
    .addHelpText('after', '\nExample:\n  esa agents ls --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/agents.ts')).listAgents(config(command)),
    )
  agents
    .command('show')
    .argument('<id>')
    .description('what an agent’s card says')
    .option('--metrics', 'what it has done so far instead, and those below it together')
    .addHelpText('after', '\nExamples:\n  esa agents show layer-1\n  esa agents show chief-1 --metrics')
    .action(show(config))
  addCards(agents, config)
  agents
    .command('seat')
    .argument('<id>')
    .description('who answers for an agent: a person, or its built-in playbook')
    .option('--human', 'a person sits here from now on')
    .option('--built-in', 'the built-in playbook sits here from now on')
    .option('--show', 'say who sits here')
    .addHelpText('after', '\nExample:\n  esa agents seat domain-1 --human')
    .action(async (id: string, flags: SeatFlags, command: Command) =>
      (await import('../commands/seats.ts')).seatAgent(config(command), id, flags),
    )
  agents
    .command('stop')
    .argument('<id>')
    .description('take an agent out of reach; incidents that wait for it move on')
    .addHelpText('after', '\nExample:\n  esa agents stop layer-2')
    .action(async (id: string, _: object, command: Command) =>
      (await import('../commands/seats.ts')).stopAgent(config(command), id),
    )
  agents
    .command('resume')
    .argument('<id>')
    .description('let a stopped agent work again')
    .addHelpText('after', '\nExample:\n  esa agents resume layer-2')
    .action(async (id: string, _: object, command: Command) =>
      (await import('../commands/seats.ts')).resumeAgent(config(command), id),
    )

  addAsk(agents, config)

  const org = program
    .command('org')
    .description('who reports to whom')
    .option('--tree', 'draw it (also what happens without an option)')
    .addHelpText('after', '\nExamples:\n  esa org --tree\n  esa org check --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/org.ts')).showOrg(config(command)),
    )
  org
    .command('check')
    .description('check every card and how they fit together; exit 3 on an error')
    .addHelpText('after', '\nExample:\n  esa org check --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/org.ts')).checkOrg(config(command)),
    )
}

function addCards(agents: Command, config: Commands['config']): void {
  agents
    .command('lint')
    .argument('<path...>', 'cards, or folders of cards')
    .description('check cards, each by itself and against the organization; exit 3 on an error')
    .addHelpText('after', '\nExample:\n  esa agents lint agents/layers/layer-1/card.md --json')
    .action(async (paths: string[], _: object, command: Command) =>
      (await import('../commands/lint-cards.ts')).lintCards(config(command), paths),
    )
  agents
    .command('new')
    .argument('[id]', 'like layer-62; without one, the next number of its kind')
    .description('write the card of a new agent, which lints clean; on a terminal it asks')
    .option('--kind <kind>', 'chief, domain, layer, expert or operational (default layer)')
    .option('--name <name>', 'its name; without prompts then')
    .option('--reports-to <id...>', 'its lines upward (default those of its neighbour on the chart)')
    .option('--peer <id...>', 'whom it asks first (default its two nearest neighbours)')
    .option('--purpose <text>', 'what it answers for')
    .option('--does <text...>', 'its responsibilities')
    .option('--metric <text...>', 'its promises, like "Cups spilt < 1%"')
    .option('--into <dir>', 'the folder of cards (default ESA_OWN_AGENTS, else this checkout’s)')
    .addHelpText(
      'after',
      `
Examples:
  esa agents new
  esa agents new layer-62 --name "Coffee Machine" --reports-to chief-6 domain-9 --peer layer-61
  esa agents new --kind expert --name "Tea" --metric "Cups spilt < 1%"`,
    )
    .action(async (id: string | undefined, flags: NewAgentFlags, command: Command) =>
      (await import('../commands/new-agent.ts')).newAgent(config(command), id, flags),
    )
}

function addAsk(agents: Command, config: Commands['config']): void {
  agents
    .command('ask')
    .argument('<id>')
    .argument('<question>', 'in plain words')
    .description('ask an agent; rules find what is meant, and say so. No model is used')
    .option('--target <name>', 'the database that it is about (esa targets)')
    .option('--data <json>', 'what a task takes besides')
    .option('--wait <duration>', 'how long an answer is waited for (default 60s)')
    .addHelpText(
      'after',
      '\nExamples:\n  esa agents ask layer-1 "which indexes are unused?" --target shop\n  esa agents ask chief-1 "what do you promise?"',
    )
    .action(async (id: string, question: string, flags: AskFlags, command: Command) =>
      (await import('../commands/agents-ask.ts')).ask(config(command), id, question, flags),
    )
}

function show(config: Commands['config']) {
  return async (id: string, { metrics = false }: { metrics?: boolean }, command: Command): Promise<void> =>
    metrics
      ? (await import('../commands/agent-figures.ts')).showFigures(config(command), id)
      : (await import('../commands/agents.ts')).showAgent(config(command), id)
}
