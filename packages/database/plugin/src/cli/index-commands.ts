import type { Command } from 'commander'
import type { AdviseFlags } from '../commands/indexes/advise.ts'
import type { ReviewFlags } from '../commands/indexes/review.ts'
import type { CliContext } from '@esa/operations/plugin'
import { copyRowsOption } from './copy-rows-option.ts'

const TARGET = '--target <target>'
const TARGET_IS = 'a name (esa targets), env:VAR or a URL'

/** `esa db indexes ...`: which to build, which to drop. */
export function addIndexCommands(db: Command, { config, environment }: CliContext): void {
  const indexes = db.command('indexes').description('which indexes are missing, and which are too many')
  indexes
    .command('advise')
    .description('find the indexes a workload needs: built and measured on a copy, never on the target')
    .requiredOption(TARGET, TARGET_IS)
    .option(
      '--workload <file>',
      'statements ended by ; with "-- id: X" and "-- weight: N" lines (default: what the server has counted)',
    )
    .option('--budget <size>', 'what all indexes together may take, like 145MB (default: no limit)')
    .option(
      '--drizzle <path>',
      'give the indexes as a change of this Drizzle schema too: its drizzle.config.ts or the module (it is loaded)',
    )
    .option('--max-minutes <n>', 'the best that was found by then is the answer', '5')
    .addOption(copyRowsOption())
    .option('--rehearsal-url <url>', 'a server for the copy, of the target’s version (or ESA_REHEARSAL_URL)')
    .addHelpText(
      'after',
      `
The target is only read. Its schema and rows (a sample of what is beyond 4 GB, unless --copy-rows full) are copied to a
server of this home; candidates are built there and every statement is timed with and without them. Rows of a target on
another machine are copied only with --copy-rows.

Examples:
  esa db indexes advise --target env:SHOP_URL --workload typical.sql --budget 145MB --json
  esa db indexes advise --target shop --max-minutes 2`,
    )
    .action(async (flags: AdviseFlags, command: Command) =>
      (await import('../commands/indexes/advise.ts')).adviseTarget(config(command), environment, flags),
    )
  indexes
    .command('review')
    .description('which indexes are duplicate, overlapping, unused, invalid or bloated')
    .requiredOption(TARGET, TARGET_IS)
    .option(
      '--unused-after <duration>',
      'scans must have been counted so long before an index is unused',
      '7d',
    )
    .addHelpText('after', '\nExample:\n  esa db indexes review --target shop --json')
    .action(async (flags: ReviewFlags, command: Command) =>
      (await import('../commands/indexes/review.ts')).reviewTarget(config(command), environment, flags),
    )
}
