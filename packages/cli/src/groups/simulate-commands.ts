import type { Command } from 'commander'
import type { SimulateFlags } from '../commands/run-simulation.ts'
import type { Commands } from './commands.ts'

/** `esa simulate`. */
export function addSimulateCommands({ program, config }: Commands): void {
  program
    .command('simulate')
    .argument('[agent]', 'the agent that opens the incident')
    .description('climb a ladder on a virtual clock: the real machine, policy and store rules')
    .option('--category <category>', 'of the incident')
    .option('--at <ms:json>', 'a command at a virtual instant; may be repeated', collect, [])
    .option('--horizon <duration>', 'how far the virtual clock goes, like 12h')
    .option('--seed <n>', 'the seed of its ids; of a soak, the first one')
    .option('--scenario <file>', 'a JSON file of one scenario or an array of them')
    .option('--soak', 'three days of the whole organization in faults, seed after seed')
    .option('--seeds <n>', 'how many seeds a soak takes')
    .option('--minutes <n>', 'the longest that a soak may take')
    .addHelpText(
      'after',
      `
Examples:
  esa simulate layer-1 --category integration
  esa simulate layer-1 --category integration --at '60000:{"type":"acknowledge","as":"layer-2"}' --json
  esa simulate --scenario story.json --json
  esa simulate --soak --seeds 200 --json`,
    )
    .action(async (agent: string | undefined, flags: SimulateFlags, command: Command) =>
      (await import('../commands/run-simulation.ts')).simulateLadder(config(command), agent, flags),
    )
}

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}
