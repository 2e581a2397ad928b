import type { CliContext } from '@esa/operations/plugin'
import { Command, Option } from 'commander'
import { type GlobalFlags, readConfig, settings } from './config.ts'
import { NO_PROJECT, type Project } from './esa-config.ts'
import { addAccountCommands } from './groups/account-commands.ts'
import type { Commands } from './groups/commands.ts'
import { addEnvironmentCommands } from './groups/environment-commands.ts'
import { addIncidentCommands } from './groups/incident-commands.ts'
import { addMessageCommands } from './groups/message-commands.ts'
import { addOrgCommands } from './groups/org-commands.ts'
import { addPeopleCommands } from './groups/people-commands.ts'
import { addReplayCommands } from './groups/replay-commands.ts'
import { addRuntimeCommands } from './groups/runtime-commands.ts'
import { addSealCommands } from './groups/seal-commands.ts'
import { addSilenceCommands } from './groups/silence-commands.ts'
import { addSimulateCommands } from './groups/simulate-commands.ts'
import { addTokenCommands } from './groups/token-commands.ts'
import { addWebhookCommands } from './groups/webhook-commands.ts'
import { cliConfig } from './runtime-door.ts'

/** Column in which the help says what a variable is for. */
const ABOUT_AT = 20

const environmentHelp = (): string => `
Environment, or a file esa.env in the folder of the call:
${settings()
  .map(({ name, about }) => `  ${name.padEnd(ABOUT_AT - 2)}  ${about}`)
  .join('\n')}

Exit codes: 0 ok, 1 findings, 2 usage, 3 card or configuration, 4 not found, 5 not allowed, 6 conflict with the state,
7 unreachable, 8 confirmation needed, 70 bug, 130 interrupted.

Examples:
  esa demo
  esa up
  esa incidents open --agent layer-1 --category integration --title "pool exhausted"
  esa incidents ack 01K... --as layer-2 --for 2h
`

/**
 * The command line. Commands are imported when they run: a start must not pay for what it does not use. `quiet`: wrong
 * calls are not explained on stderr, the caller does so. Plugins of `project` add theirs.
 */
export function program(began: number, quiet: boolean, project: Project = NO_PROJECT): Command {
  const root = new Command('esa')
    .description(
      'The ESA runtime: agents, incidents that climb a ladder by the clock, and a database architect.',
    )
    .version('0.1.0')
    .option('--home <dir>', 'folder of this world (default .esa, or ESA_HOME)')
    .option(
      '--config <file>',
      'what the runtime is composed of (or ESA_CONFIG; default: an esa.config.ts found upward)',
    )
    .option('--database-url <url>', 'a PostgreSQL of yours (or DATABASE_URL)')
    .addOption(new Option('--time-scale <n>', 'divides every wait of new incidents (or ESA_TIME_SCALE)'))
    .option('--json', 'one JSON document on stdout')
    .option('--yes', 'confirm what asks for it')
    .addHelpText('after', environmentHelp)
    .exitOverride()
    .showHelpAfterError('(see: esa --help)')
  if (quiet) root.configureOutput({ writeErr: () => {}, outputError: () => {} })
  const commands: Commands = {
    program: root,
    config: (command) => readConfig(command.optsWithGlobals<GlobalFlags>(), process.env, project),
    began,
  }
  addRuntimeCommands(commands)
  addIncidentCommands(commands)
  addSilenceCommands(commands)
  addMessageCommands(commands)
  addOrgCommands(commands)
  addReplayCommands(commands)
  addSealCommands(commands)
  addSimulateCommands(commands)
  addAccountCommands(commands)
  addTokenCommands(commands)
  addPeopleCommands(commands)
  addWebhookCommands(commands)
  addEnvironmentCommands(commands)
  const context: CliContext = {
    config: (command) => cliConfig(commands.config(command)),
    environment: process.env,
  }
  for (const { cli } of project.plugins) cli?.(root, context)
  return root
}
