import { buildDirectory } from '@esa/org'
import { describe, expect, it } from 'vitest'
import { parseScenario } from './scenario.ts'
import { simulate } from './simulate.ts'

// The chart alone: layer-1 has no card here, so its ladders hold the chief, its domain and the CEO.
const directory = buildDirectory([])
const run = (scenario: object, timeScale = 1) =>
  simulate(parseScenario({ agent: 'layer-1', category: 'architecture', ...scenario }), {
    directory,
    timeScale,
  })
const told = ({ events }: Awaited<ReturnType<typeof run>>) =>
  events.map(({ atMs, type, level }) => [atMs, type.replace('incident.', ''), level ?? ''].join(' '))

const MIN = 60_000
const HOUR = 60 * MIN

describe('simulate', () => {
  it('climbs to the end and to one repeated alarm when no one acts', async () => {
    const result = await run({})
    expect(told(result)).toEqual([
      '0 opened chief',
      '0 notified chief',
      '3600001 escalated ceo',
      '3600001 notified ceo',
      '10800002 notified ceo',
      '18000003 exhausted ceo',
      '32400004 alarmed ceo',
    ])
    expect(result).toMatchObject({
      outcome: 'exhausted',
      path: [
        { level: 'chief', agents: ['chief-1'], waitMs: HOUR },
        { level: 'ceo', agents: ['agent-0'], waitMs: 2 * HOUR },
      ],
      end: { status: 'exhausted', level: 'ceo', timerKind: 'alarm', deadlineMs: 32_400_004 + 4 * HOUR },
    })
    const { deadlineAt, openedAt, deadlineMs } = result.end
    expect(Date.parse(deadlineAt!) - Date.parse(openedAt)).toBe(deadlineMs)
  })

  it('serves a timer due at horizon - 1 ms, and not the next', async () => {
    expect(told(await run({ horizonMs: HOUR + 1 }))).toContain('3600001 escalated ceo')
    expect(told(await run({ horizonMs: HOUR }))).not.toContain('3600001 escalated ceo')
  })

  it('lets a command of the same instant come before the timer: T is won, T + 1 ms is settled first', async () => {
    const ack = (atMs: number) =>
      run({ commands: [{ atMs, type: 'acknowledge', as: 'chief-1' }], horizonMs: 90 * MIN })
    expect(told(await ack(HOUR))).toEqual([
      '0 opened chief',
      '0 notified chief',
      '3600000 acknowledged chief',
    ])
    const late = await ack(HOUR + 1)
    expect(told(late).slice(2)).toEqual([
      '3600001 escalated ceo',
      '3600001 notified ceo',
      '3600001 acknowledged ceo',
      '3600001 taken ceo',
    ])
    expect(late.events[2]).toMatchObject({ lateMs: 1, data: { from: 'chief' } })
  })

  it('takes commands in the order of time, and of the list at one instant', async () => {
    const { events, outcome, end } = await run({
      commands: [
        { atMs: 2, type: 'resolve', as: 'operator', cause: 'done' },
        { atMs: 1, type: 'acknowledge', as: 'chief-1' },
        { atMs: 1, type: 'acknowledge', as: 'chief-1' },
        { atMs: 3, type: 'raise', as: 'layer-1' },
      ],
    })
    expect(events.slice(2).map(({ atMs, type, data }) => [atMs, type, data['code']])).toEqual([
      [1, 'incident.acknowledged', undefined],
      [1, 'command.refused', 'incident.wrong-state'],
      [2, 'incident.resolved', undefined],
      [3, 'command.refused', 'incident.resolved'],
    ])
    expect(events[5]!.data).toMatchObject({ command: 'raise' })
    expect({ outcome, deadlineMs: end.deadlineMs, nowAt: end.nowAt }).toEqual({
      outcome: 'resolved',
      deadlineMs: null,
      nowAt: '2026-01-01T00:00:00.003Z',
    })
  })

  it('counts an open as a duplicate; after the end it starts a later incident', async () => {
    const open = { type: 'open', as: 'layer-1' }
    const resolve = { atMs: 2, type: 'resolve', as: 'operator', cause: 'done' }
    const { end, later } = await run({ commands: [{ atMs: 1, ...open }, resolve, { atMs: 3, ...open }] })
    expect(end).toMatchObject({ duplicates: 1, status: 'resolved' })
    expect(later).toHaveLength(1)
    expect(later).not.toContain(end.id)
    expect((await run({ commands: [resolve] })).end.dedupKey).toBeNull()
  })

  it('raises by a duplicate of data loss', async () => {
    const { end } = await run({
      commands: [{ atMs: 60_000, type: 'open', as: 'layer-1', category: 'data-loss' }],
      horizonMs: 60_001,
    })
    expect(end).toMatchObject({ level: 'ceo', dataLoss: true, category: 'architecture' })
  })

  it('gives the same bytes for the same input, and other ids for another seed', async () => {
    const scenario = { commands: [{ atMs: 5, type: 'acknowledge', as: 'chief-1' }], seed: 7 }
    const [one, other] = [await run(scenario), await run(scenario)]
    expect(JSON.stringify(one)).toBe(JSON.stringify(other))
    expect((await run({ ...scenario, seed: 8 })).end.id).not.toBe(one.end.id)
  })

  it('divides every pinned wait by the time scale', async () => {
    const { path, end } = await run({}, 3_600)
    expect(path.map(({ waitMs }) => waitMs)).toEqual([1_000, 2_000])
    expect(end).toMatchObject({ timeScale: 3_600, status: 'exhausted' })
  })
})

describe('a scenario is refused', () => {
  const ack = { atMs: 1, type: 'acknowledge', as: 'chief-1' }
  it.each([
    ['an unknown agent', { agent: 'layer-199' }, 'agent.unknown'],
    [
      'an unknown target',
      { commands: [{ atMs: 1, type: 'reassign', as: 'operator', to: 'layer-199' }] },
      'agent.unknown',
    ],
    ['a fault of another world', { faults: [{ atMs: 1, type: 'flood' }] }, 'scenario.invalid'],
    [
      'a fault past the horizon',
      { faults: [{ atMs: 11, type: 'outage', forMs: 1 }], horizonMs: 10 },
      'scenario.invalid',
    ],
    [
      'a stop of an unknown agent',
      { faults: [{ atMs: 1, type: 'stop', agent: 'layer-199' }] },
      'agent.unknown',
    ],
    ['an unknown key', { comands: [] }, 'scenario.invalid'],
    ['a field that its command does not have', { commands: [{ ...ack, reason: 'x' }] }, 'scenario.invalid'],
    ['a command without a name', { commands: [{ atMs: 1, type: 'acknowledge' }] }, 'scenario.invalid'],
    ['half a millisecond', { commands: [{ ...ack, atMs: 0.5 }] }, 'scenario.invalid'],
    ['a command past the horizon', { commands: [ack], horizonMs: 0.5 }, 'scenario.invalid'],
    ['a command 1 ms past it', { commands: [{ ...ack, atMs: 11 }], horizonMs: 10 }, 'scenario.invalid'],
    ['a category of another world', { category: 'weather' }, 'scenario.invalid'],
  ])('%s', async (_, scenario, code) => {
    await expect(async () => run(scenario)).rejects.toMatchObject({ code, kind: 'terminal' })
  })

  it('and says where the fault is', () => {
    const scenario = { agent: 'layer-1', category: 'blocker', commands: [ack, { ...ack, type: 'wave' }] }
    expect(() => parseScenario(scenario)).toThrow(/commands\[1\]\.type/)
  })

  it('when its waits are scaled to nothing and the horizon is far', async () => {
    await expect(run({ horizonMs: 24 * HOUR }, 1_000_000_000)).rejects.toMatchObject({
      code: 'scenario.too-long',
    })
  })
})

describe('what goes wrong in a scenario', () => {
  it('an outage over several deadlines ends in one step, late as long as it lasted, and with a full wait', async () => {
    const result = await run({
      faults: [{ atMs: 30 * MIN, type: 'outage', forMs: 5 * HOUR }],
      horizonMs: 6 * HOUR,
    })
    const back = 5.5 * HOUR
    expect(told(result)).toEqual([
      '0 opened chief',
      '0 notified chief',
      `${back} escalated ceo`,
      `${back} notified ceo`,
    ])
    expect(result.events[2]).toMatchObject({ lateMs: back - HOUR })
    expect(result.end.deadlineMs).toBe(back + 2 * HOUR)
  })

  it('a command inside an outage settles what is overdue, and one outage may lie in another', async () => {
    const result = await run({
      faults: [
        { atMs: 0, type: 'outage', forMs: 9 * HOUR },
        { atMs: MIN, type: 'outage', forMs: MIN },
      ],
      commands: [{ atMs: 2 * HOUR, type: 'acknowledge', as: 'agent-0' }],
      horizonMs: 3 * HOUR,
    })
    expect(told(result).slice(2)).toEqual([
      `${2 * HOUR} escalated ceo`,
      `${2 * HOUR} notified ceo`,
      `${2 * HOUR} acknowledged ceo`,
    ])
  })

  it.each([
    ['whose only agent is stopped', 'stop'],
    ['that no notice reaches', 'notice-fails'],
  ])('a level %s is passed at once', async (_, type) => {
    const result = await run({ faults: [{ atMs: MIN, type, agent: 'chief-1' }], horizonMs: 2 * MIN })
    expect(told(result).at(-1)).toBe(`${MIN} notified ceo`)
    expect(told(result)).toContain(`${MIN} level_passed chief`)
  })

  it('but an empty list of faults is right', async () => {
    expect(await run({ faults: [], horizonMs: 1 })).toMatchObject({ outcome: 'triggered' })
  })
})
