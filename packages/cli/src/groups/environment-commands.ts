import { Argument, type Command } from 'commander'
import type { InitFlags } from '../commands/init.ts'
import { SHELLS, type Shell } from '../completion.ts'
import type { Commands } from './commands.ts'

/** `esa init`, `esa doctor`, `esa complete`, `esa mcp`. */
export function addEnvironmentCommands({ program, config }: Commands): void {
  program
    .command('init')
    .argument('[dir]', 'an empty folder, made where it is not there', '.')
    .description('make a folder with settings and a first agent of your own')
    .option('--name <name>', 'what the first agent is called', 'First Agent')
    .addHelpText('after', '\nExamples:\n  esa init\n  esa init coffee --name "Coffee Machine"')
    .action(async (dir: string, flags: InitFlags, command: Command) =>
      (await import('../commands/init.ts')).initFolder(config(command), dir, flags),
    )
  program
    .command('doctor')
    .description('look for faults of this environment, and say how to mend them; exit 1 on an error')
    .addHelpText('after', '\nExample:\n  esa doctor --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/doctor.ts')).doctor(() => config(command), process.env, isJson(command)),
    )
  program
    .command('complete')
    .addArgument(new Argument('<shell>', 'whose completion to print').choices(SHELLS))
    .description('print a completion script for a shell')
    .addHelpText(
      'after',
      `
Examples:
  esa complete bash >> ~/.bashrc
  esa complete zsh > ~/.zfunc/_esa
  esa complete fish > ~/.config/fish/completions/esa.fish`,
    )
    .action(async (shell: Shell, _: object, command: Command) =>
      (await import('../commands/complete.ts')).complete(program, shell, isJson(command)),
    )
  program
    .command('mcp')
    .description(
      'speak MCP with the client that starts this: an outside model reads incidents and takes a seat',
    )
    .option('--stdio', 'on stdin and stdout')
    .addHelpText(
      'after',
      '\nExample:\n  ESA_TOKEN=... esa mcp --stdio\n\nA running esa up serves the same over HTTP at /mcp.',
    )
    .action(async (flags: { stdio?: boolean }, command: Command) =>
      (await import('../commands/mcp.ts')).mcp(config(command), process.env, flags),
    )
}

function isJson(command: Command): boolean {
  return command.optsWithGlobals<{ json?: boolean }>().json === true
}
