import { type IncidentCommands, incidentCommands } from '@esa/escalation'
import { type Command, Option } from 'commander'
import type * as z from 'zod'
import type { Commands } from './commands.ts'

type Flags = Record<string, string | undefined>

/** What a field's value is at a terminal; every other one is a text, under the field's own name. */
const FLAGS: Record<string, { flag: string; value: string }> = {
  forMs: { flag: 'for', value: 'duration' },
  to: { flag: 'to', value: 'agent' },
  epoch: { flag: 'epoch', value: 'n' },
}

/** The flag of a command's field: `--for <duration>`. */
export function flagOf(field: string): { flag: string; value: string } {
  return FLAGS[field] ?? { flag: field, value: 'text' }
}

/** `esa incidents ack` and its like: a verb a row of the table. */
export function addVerbs(
  incidents: Command,
  config: Commands['config'],
  table: IncidentCommands = incidentCommands,
): void {
  for (const [type, spec] of Object.entries(table)) {
    const command = incidents.command(spec.cli).argument('<id>').description(inHelp(spec.help))
    if (spec.asOptional === true) command.option('--as <who>', 'agent id or operator (default operator)')
    else command.requiredOption('--as <who>', 'agent id or operator')
    for (const [field, schema] of Object.entries(spec.fields))
      addFlag(command, field, spec, schema as z.ZodType)
    command
      .addHelpText('after', `\nExample:\n  ${`esa incidents ${spec.cli} 01K... ${spec.example}`.trim()}`)
      .action(async (id: string, flags: Flags, own: Command) => {
        for (const [field, schema] of Object.entries(spec.fields)) {
          const word = spec.words?.[field]
          if (word === undefined || flags[word] !== undefined || flags[field] !== undefined) continue
          if (!isOptional(schema as z.ZodType))
            own.error(`error: required option '--${word} <text>' not specified`)
        }
        await (await import('../commands/incidents.ts')).giveCommand(config(own), { type, spec, id, flags })
      })
  }
}

function addFlag(
  command: Command,
  field: string,
  { words }: IncidentCommands[string],
  schema: z.ZodType,
): void {
  const word = words?.[field]
  const { flag, value } = flagOf(field)
  const about = schema.description ?? ''
  if (word !== undefined) {
    // The word of before is still taken, so neither is required by itself.
    command.option(`--${word} <text>`, about)
    command.addOption(new Option(`--${flag} <${value}>`).hideHelp())
  } else if (isOptional(schema)) command.option(`--${flag} <${value}>`, about)
  else command.requiredOption(`--${flag} <${value}>`, about)
}

function isOptional(schema: z.ZodType): boolean {
  return schema.safeParse(undefined).success
}

/** A sentence as lists of commands show it: without a capital and a period. */
function inHelp(sentence: string): string {
  return `${sentence.charAt(0).toLowerCase()}${sentence.slice(1).replace(/\.$/, '')}`
}
