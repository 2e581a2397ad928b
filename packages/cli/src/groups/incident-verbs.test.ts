import { incidentCommands } from '@esa/escalation'
import { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { addVerbs } from './incident-verbs.ts'

const table = {
  ...incidentCommands,
  postpone: {
    http: 'postpone',
    cli: 'later',
    scope: 'incidents:ack',
    help: 'Asks again after a while.',
    example: '--as layer-2 --for 8h',
    fields: { forMs: z.number().describe('how long'), note: z.string().optional().describe('a note') },
    least: () => ({ forMs: 1 }),
  },
} as const

const verbs = (): Command => {
  const incidents = new Command('incidents').exitOverride()
  const config = () => {
    throw new Error('read its configuration')
  }
  addVerbs(incidents, config, table)
  for (const verb of incidents.commands) verb.exitOverride().configureOutput({ writeErr: () => {} })
  return incidents
}
const flagsOf = (verb: string): string[] =>
  verbs()
    .commands.find((command) => command.name() === verb)!
    .options.filter(({ hidden }) => !hidden)
    .map(({ flags, mandatory }) => (mandatory ? flags : `[${flags}]`))
const given = async (...args: string[]): Promise<unknown> =>
  verbs()
    .parseAsync(args, { from: 'user' })
    .catch((error: unknown) => (error as Error).message)

describe('the verbs of an incident', () => {
  it('have one for a command that is added to the table', () => {
    expect(flagsOf('later')).toEqual(['--as <who>', '--for <duration>', '[--note <text>]'])
  })

  it('ask for a reason by that word, and still take that of before', async () => {
    expect(flagsOf('resolve')).toEqual(['--as <who>', '[--reason <text>]'])
    expect(flagsOf('withdraw')).toEqual(['--as <who>', '[--reason <text>]'])
    const configured = 'read its configuration'
    expect(await given('resolve', 'x', '--as', 'layer-2')).toMatch("required option '--reason <text>'")
    expect(await given('resolve', 'x', '--as', 'layer-2', '--reason', 'done')).toBe(configured)
    expect(await given('resolve', 'x', '--as', 'layer-2', '--cause', 'done')).toBe(configured)
    expect(await given('withdraw', 'x', '--as', 'layer-1')).toBe(configured)
  })
})
