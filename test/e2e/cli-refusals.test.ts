import type { Incident, TimelineEvent } from '@esa/escalation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EsaHome } from './run-esa.ts'

/** Each verb of the command line with what it takes besides `--as`. */
const VERBS: Record<string, string[]> = {
  ack: ['--for', '2h'],
  decline: ['--reason', 'not mine'],
  resolve: ['--cause', 'restarted'],
  withdraw: [],
  snooze: ['--for', '1h'],
  suppress: ['--for', '1h'],
  unsuppress: [],
  escalate: [],
  reassign: ['--to', 'layer-14'],
  raise: [],
}

/**
 * The ways into each state by the command line, and verbs that it refuses even an operator; each verb is refused somewhere.
 * The whole table is walked on the real machine in test/incidents/command-table.test.ts.
 */
const STATES: { status: string; category: string; into: [verb: string, as: string][]; refused: string[] }[] =
  [
    { status: 'triggered', category: 'integration', into: [], refused: ['unsuppress'] },
    {
      status: 'acknowledged',
      category: 'integration',
      into: [['ack', 'layer-2']],
      refused: ['ack', 'decline', 'unsuppress'],
    },
    {
      status: 'snoozed',
      category: 'integration',
      into: [['snooze', 'layer-3']],
      refused: ['decline', 'suppress', 'reassign'],
    },
    {
      status: 'suppressed',
      category: 'integration',
      into: [['suppress', 'operator']],
      refused: ['ack', 'snooze', 'escalate'],
    },
    {
      status: 'exhausted',
      category: 'security',
      into: [
        ['escalate', 'operator'],
        ['escalate', 'agent-0'],
      ],
      refused: ['decline', 'snooze', 'escalate'],
    },
    {
      status: 'resolved',
      category: 'integration',
      into: [['resolve', 'chief-1']],
      refused: ['resolve', 'withdraw', 'raise'],
    },
  ]

/** Some commands that each kind of agent may not give to a fresh incident of layer-1; each verb is refused to some agent. */
const NOT_THEIRS: Record<string, string[]> = {
  'layer-1': ['ack', 'resolve', 'snooze'],
  'layer-2': ['withdraw', 'suppress', 'reassign'],
  'chief-1': ['decline', 'raise'],
  'layer-50': ['unsuppress', 'escalate'],
}

let esa: EsaHome

beforeAll(async () => {
  esa = await EsaHome.create()
  await esa.json('migrate')
})

afterAll(() => esa.remove())

const open = (category: string): Promise<Incident> =>
  esa.json('incidents', 'open', '--agent', 'layer-1', '--category', category, '--title', 'pool')

const command = (verb: string, id: string, as: string): string[] => [
  'incidents',
  verb,
  id,
  '--as',
  as,
  ...VERBS[verb]!,
]

/** Asks in turn for what must be refused; answers with verb and exit code, and checks that nothing but the log moved. */
async function askAll(incident: Incident, as: string, verbs: string[]): Promise<[string, number | null][]> {
  const { id } = incident
  const answers: [string, number | null][] = []
  for (const verb of verbs) {
    const { code, problem } = await esa.refused(...command(verb, id, as))
    answers.push([verb, code])
    expect(problem).toMatchObject({ code: expect.stringMatching(/^incident\./), message: expect.any(String) })
  }
  const after = await esa.json<Incident>('incidents', 'show', id)
  expect(after).toEqual({ ...incident, seq: incident.seq + verbs.length, nowAt: after.nowAt })
  const { events } = await esa.json<{ events: TimelineEvent[] }>('replay', 'show', id)
  const refusals = events.filter(({ type }) => type === 'command.refused')
  expect(refusals.map(({ actor }) => actor)).toEqual(verbs.map(() => as))
  return answers
}

describe('the command line refuses', () => {
  it.concurrent.each(STATES)('with 6 what $status does not allow', async ({ category, into, refused }) => {
    let incident = await open(category)
    for (const [verb, as] of into) incident = await esa.json<Incident>(...command(verb, incident.id, as))
    expect(await askAll(incident, 'operator', refused)).toEqual(refused.map((verb) => [verb, 6]))
  })

  it.concurrent.each(Object.entries(NOT_THEIRS))('with 5 what is not for %s to ask', async (as, verbs) => {
    const incident = await open('integration')
    expect(await askAll(incident, as, verbs)).toEqual(verbs.map((verb) => [verb, 5]))
  })
})

describe('a silence', () => {
  it('holds back what opens under it, until it is ended; nothing of that waits for a worker', async () => {
    const silence = await esa.json<{ id: string; untilAt: string; category: string | null }>(
      'silence',
      'add',
      '--agent',
      'layer-14',
      '--until',
      '2h',
      '--reason',
      'index rebuild',
    )
    expect(silence).toMatchObject({ agent: 'layer-14', category: null, status: 'active', held: 0 })
    const opening = ['incidents', 'open', '--agent', 'layer-14', '--title', 'slow', '--category']
    const held = await esa.json<Incident>(...opening, 'architecture')
    expect(held).toMatchObject({ status: 'suppressed', silence: silence.id, deadlineAt: silence.untilAt })
    expect((await esa.json<Incident>(...opening, 'data-loss')).status).toBe('triggered')
    const { silences } = await esa.json<{ silences: object[] }>('silence', 'ls')
    expect(silences).toEqual([expect.objectContaining({ id: silence.id })])
    expect(await esa.json('silence', 'end', silence.id)).toMatchObject({
      status: 'ended',
      held: 1,
      incidents: [held.id],
    })
    expect(await esa.json<Incident>('incidents', 'show', held.id)).toMatchObject({
      status: 'triggered',
      silence: null,
    })
    expect((await esa.refused('silence', 'end', silence.id)).code).toBe(6)
    expect(await esa.json('silence', 'ls')).toEqual({ silences: [] })
    const verified = await esa.json<{ checked: number; identical: number }>('replay', 'verify', silence.id)
    expect(verified).toMatchObject({ checked: 1, identical: 1 })
  })

  it.concurrent.each([
    [2, 'silence add --agent layer-1 --until yesterday --reason x'],
    [2, 'silence add --agent layer-1 --until 2020-01-01T00:00:00Z --reason x'],
    [2, 'silence add --agent layer-1 --until 1h --category noise --reason x'],
    [2, 'silence add --agent layer-1 --until 1h'],
    [4, 'silence add --agent layer-999 --until 1h --reason x'],
    [4, 'silence end 01JZZZZZZZZZZZZZZZZZZZZZZZ'],
  ])('ends with %i: esa %s', async (expected, args) => {
    expect((await esa.refused(...args.split(' '))).code).toBe(expected)
  })
})
