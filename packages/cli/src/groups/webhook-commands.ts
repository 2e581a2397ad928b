import type { Command } from 'commander'
import type { ChannelFlags } from '../commands/webhooks.ts'
import type { Commands } from './commands.ts'

const EXAMPLES = `
A secret is never given: say where the worker finds it, as env:NAME or file:PATH. That is the signing secret of a webhook
(whsec_...), the whole URL of a Slack webhook, the routing key of PagerDuty, the SMTP URL of a mail server.

Examples:
  esa webhooks add ops --kind webhook --url https://ops.example.org/esa --secret env:OPS_SECRET
  esa webhooks add chiefs --kind slack --secret env:SLACK_URL --level chief
  esa webhooks add pager --kind pagerduty --secret file:/run/secrets/pagerduty --category data-loss
  esa webhooks add mail --kind email --secret env:SMTP_URL --from esa@example.org --to team@example.org`

/** `esa webhooks ...`. */
export function addWebhookCommands({ program, config }: Commands): void {
  const webhooks = program
    .command('webhooks')
    .description('channels by which notices leave: signed webhooks, Slack, PagerDuty, mail')
  webhooks
    .command('add')
    .argument('<name>', 'lower case letters, digits and dashes')
    .description('add a channel; it gets every notice that fits all of its filters')
    .requiredOption('--kind <kind>', 'webhook, slack, pagerduty or email')
    .requiredOption('--secret <where>', 'where its secret is: env:NAME or file:PATH')
    .option('--url <url>', 'of a webhook: https://..., env:NAME or file:PATH; of PagerDuty: another region')
    .option('--from <address>', 'the sender of its mail')
    .option('--to <address...>', 'who gets its mail')
    .option('--agent <id>', 'only notices to this agent')
    .option('--level <level>', 'only notices of this level')
    .option('--category <category>', 'only incidents of this category')
    .option('--personal', 'only what goes to people on call who name it')
    .option('--allow-private', 'it may be on this machine or in a private network')
    .option('--allow-plain', 'it may speak http, or SMTP without TLS')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, flags: ChannelFlags, command: Command) =>
      (await import('../commands/webhooks.ts')).addChannel(config(command), name, flags),
    )
  webhooks
    .command('ls')
    .description('all channels; never their secrets')
    .addHelpText('after', '\nExample:\n  esa webhooks ls --json')
    .action(async (_: object, command: Command) =>
      (await import('../commands/webhooks.ts')).listChannels(config(command)),
    )
  webhooks
    .command('show')
    .argument('<name>')
    .description('one channel, and its last deliveries')
    .addHelpText('after', '\nExample:\n  esa webhooks show ops')
    .action(async (name: string, _: object, command: Command) =>
      (await import('../commands/webhooks.ts')).showChannel(config(command), name),
    )
  webhooks
    .command('test')
    .argument('<name>')
    .description('have a worker send something harmless by it')
    .addHelpText('after', '\nExample:\n  esa webhooks test ops && esa webhooks deliveries ops')
    .action(async (name: string, _: object, command: Command) =>
      (await import('../commands/webhooks.ts')).testChannel(config(command), name),
    )
  webhooks
    .command('remove')
    .argument('<name>')
    .description('remove a channel; what is on its way by it fails')
    .addHelpText('after', '\nExample:\n  esa webhooks remove ops')
    .action(async (name: string, _: object, command: Command) =>
      (await import('../commands/webhooks.ts')).removeChannel(config(command), name),
    )
  addDeliveryCommands(webhooks, config)
}

function addDeliveryCommands(webhooks: Command, config: Commands['config']): void {
  webhooks
    .command('deliveries')
    .argument('[name]', 'of one channel')
    .description('what was tried, the newest first: status, answer, latency')
    .option('--incident <id>', 'only of this incident')
    .addHelpText('after', '\nExample:\n  esa webhooks deliveries ops --json')
    .action(async (name: string | undefined, flags: { incident?: string }, command: Command) =>
      (await import('../commands/webhooks.ts')).listDeliveries(config(command), name, flags),
    )
  webhooks
    .command('redeliver')
    .argument('<id>', 'as esa webhooks deliveries names it')
    .description('have a worker deliver it once more, under the same id')
    .addHelpText('after', '\nExample:\n  esa webhooks redeliver msg_0c1d...')
    .action(async (id: string, _: object, command: Command) =>
      (await import('../commands/webhooks.ts')).redeliver(config(command), id),
    )
}
