import type { Command } from 'commander'
import type { Commands } from './commands.ts'

/** `esa replay ...`: looking back. Nothing here sends anything or changes anything. */
export function addReplayCommands({ program, config }: Commands): void {
  const replay = program.command('replay').description('what happened, and whether the log still says so')
  replay
    .command('show')
    .argument('<id>', 'an incident, an agent, or the thread of a conversation')
    .description('its timeline')
    .addHelpText('after', '\nExample:\n  esa replay show 01K...')
    .action(async (id: string, _: object, command: Command) =>
      (await import('../commands/replay-show.ts')).showStream(config(command), id),
    )
  replay
    .command('verify')
    .argument('[id]', 'one stream')
    .description('run the recorded inputs again and walk the hash chain; exit 1 on any difference')
    .option('--all', 'every stream')
    .option('--heads <file>', 'heads kept outside the database: only against them a cut tail shows')
    .addHelpText(
      'after',
      '\nExamples:\n  esa replay verify 01K...\n  esa replay verify --all --heads heads.json',
    )
    .action(async (id: string | undefined, flags: { all?: boolean; heads?: string }, command: Command) =>
      (await import('../commands/replay-verify.ts')).verifyStreams(config(command), id, flags),
    )
  replay
    .command('heads')
    .description('the last hash of every stream, to be kept outside the database')
    .option('-o, --output <file>', 'where to (default stdout)')
    .addHelpText('after', '\nExample:\n  esa replay heads -o heads.json')
    .action(async (flags: { output?: string }, command: Command) =>
      (await import('../commands/replay-verify.ts')).exportHeads(config(command), flags.output),
    )
  replay
    .command('export')
    .argument('<id>', 'an incident, or an agent')
    .description('its events for machines, or a post-mortem for people')
    .option('--format <format>', 'jsonl or md', 'jsonl')
    .option('-o, --output <file>', 'where to (default stdout)')
    .addHelpText('after', '\nExample:\n  esa replay export 01K... --format md -o post-mortem.md')
    .action(async (id: string, flags: { format: string; output?: string }, command: Command) =>
      (await import('../commands/replay-export.ts')).exportStream(config(command), id, flags),
    )
  replay
    .command('import')
    .argument('<file>', 'of esa replay export, format jsonl, or of esa retain')
    .description('bring exported streams into this home, to be looked at and nothing else')
    .addHelpText(
      'after',
      '\nExamples:\n  esa replay import incident.jsonl\n  esa replay show imported/01K...',
    )
    .action(async (file: string, _: object, command: Command) =>
      (await import('../commands/replay-import.ts')).importStreams(config(command), file),
    )
  replay
    .command('play')
    .argument('<id>', 'an incident, or an agent')
    .description('its timeline as it happened, faster')
    .option('--speed <n>', 'times faster than life (default: all of it in 20 s)')
    .addHelpText('after', '\nExample:\n  esa replay play 01K... --speed 60')
    .action(async (id: string, flags: { speed?: string }, command: Command) =>
      (await import('../commands/replay-play.ts')).playStream(config(command), id, flags),
    )
}
