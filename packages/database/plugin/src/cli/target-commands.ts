import { type Command, Option } from 'commander'
import type { TargetFlags } from '../commands/targets/targets.ts'
import { GUARD_LOG } from '../targets/guard-log.ts'
import type { CliContext } from '@esa/operations/plugin'

const TARGET_IS = 'a name (esa targets), env:VAR or a URL'

/** `esa targets ...`. */
export function addTargetCommands(program: Command, { config, environment }: CliContext): void {
  const targets = program.command('targets').description('databases by name')
  targets
    .command('add')
    .argument('<name>')
    .argument('<at>', 'a URL, or env:VAR to keep its password out of the file')
    .description('give a database a name in this home')
    .option('--workload <file>', 'statements that stand for its load')
    .option('--timeout <duration>', 'longest that a statement looks at it, like 5s')
    .option('--connections <n>', 'most connections of one command (default 3)')
    .option(
      '--quiet <hours>',
      'hours of the day without heavy work, like 22:00-06:00 (time zone of this machine)',
    )
    .option('--allow-owner', 'read statements of others as this role, also where it owns the database')
    .addOption(
      new Option(
        '--guard-log <when>',
        'where the server would log the statements that are judged: warn, or never judge there',
      ).choices(GUARD_LOG),
    )
    .addHelpText(
      'after',
      '\nExample:\n  esa targets add shop env:SHOP_URL --workload typical.sql --timeout 5s --quiet 22:00-06:00',
    )
    .action(async (name: string, at: string, flags: TargetFlags, command: Command) =>
      (await import('../commands/targets/targets.ts')).nameTarget(config(command), name, at, flags),
    )
  targets
    .command('ls')
    .description('named databases')
    .addHelpText('after', '\nExample:\n  esa targets ls --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/targets/targets.ts')).listTargets(config(command)),
    )
  targets
    .command('test')
    .argument('<target>', TARGET_IS)
    .description('connect, and say what answers and how fast')
    .addHelpText('after', '\nExample:\n  esa targets test shop')
    .action(async (name: string, _: object, command: Command) =>
      (await import('../commands/targets/targets.ts')).testTarget(config(command), environment, name),
    )
  targets
    .command('rm')
    .argument('<name>')
    .description('forget a name')
    .addHelpText('after', '\nExample:\n  esa targets rm shop')
    .action(async (name: string, _: object, command: Command) =>
      (await import('../commands/targets/targets.ts')).forgetTarget(config(command), name),
    )
}
