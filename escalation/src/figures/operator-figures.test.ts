import { isoTime } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { FACTS_MAX, type IncidentFact, type IncidentOutline } from './figure-sources.ts'
import { type FigureSources, operatorFigures } from './operator-figures.ts'

const MIN = 60_000
const NOW = 1_800_000_000_000
const PATH = [{ level: 'peer' }, { level: 'chief' }, { level: 'ceo' }]

const figures = (sources: Partial<FigureSources>) =>
  operatorFigures({ nowMs: NOW, outlines: [], day: [], month: [], workers: [], ...sources })

function outline(
  id: string,
  status: string,
  index: number,
  patch: Partial<IncidentOutline> & { fields?: never } = {},
) {
  return { id, status, dueAt: NOW + MIN, ...patch, fields: [PATH, index, 0, null, null] }
}

/** One incident's facts: `minute type level`, in order; the first minute is the opening. */
function incident(
  stream: string,
  story: [minutesAgo: number, type: string, level: string][],
  category = 'integration',
  timeScale = 1,
): IncidentFact[] {
  return story.map(([minutesAgo, type, level], index) => ({
    stream,
    seq: index + 1,
    at: NOW - minutesAgo * MIN,
    type: `incident.${type}`,
    level,
    lateMs: null,
    fields: type === 'opened' ? [category, timeScale] : [null, null],
  }))
}

describe('what is open', () => {
  it('is counted by level and status, with the next deadline of each level', () => {
    const { open, overdue, exhausted, exhaustedCount, suppressed } = figures({
      outlines: [
        outline('a', 'triggered', 0, { dueAt: NOW + 10 * MIN }),
        outline('b', 'triggered', 0, { dueAt: NOW + 5 * MIN }),
        outline('c', 'triggered', 0, { dueAt: NOW - 1 }),
        outline('d', 'triggered', 1, { dueAt: NOW }),
        outline('e', 'exhausted', 2),
        { ...outline('f', 'suppressed', 0, { dueAt: NOW + 7 }), fields: [PATH, 0, 0, null, 's1'] },
        outline('g', 'suppressed', 0, { dueAt: NOW + 9 }),
      ],
    })
    expect(open.total).toBe(7)
    expect(open.byLevel).toEqual({ peer: 5, chief: 1, ceo: 1 })
    expect(open.byStatus).toEqual({ triggered: 4, exhausted: 1, suppressed: 2 })
    expect(
      open.levels.map(({ level, open, overdue, toDeadlineMs }) => [level, open, overdue, toDeadlineMs]),
    ).toEqual([
      ['peer', 5, 1, 7],
      ['domain', 0, 0, null],
      // T itself is in time.
      ['chief', 1, 0, 0],
      ['ceo', 1, 0, MIN],
    ])
    expect(open.levels[0]!.nextDeadlineAt).toBe(isoTime(NOW + 7))
    expect([overdue, exhausted, exhaustedCount]).toEqual([1, ['e'], 1])
    expect(suppressed).toEqual({ count: 2, silenced: 1, nextEndAt: isoTime(NOW + 7) })
  })

  it('without an acknowledgement has an age, and each level its statuses', () => {
    const openedAgo = (id: string, status: string, agoMs: number) => ({
      ...outline(id, status, 0),
      fields: [PATH, 0, 0, null, null, NOW - agoMs],
    })
    const { unanswered, open } = figures({
      outlines: [
        openedAgo('a', 'triggered', MIN),
        openedAgo('b', 'exhausted', 3 * MIN),
        openedAgo('c', 'acknowledged', 9 * MIN),
        openedAgo('d', 'suppressed', 9 * MIN),
      ],
    })
    expect(unanswered).toEqual({ count: 2, oldestMs: 3 * MIN })
    expect(open.levels[0]!.byStatus).toEqual({ triggered: 1, exhausted: 1, acknowledged: 1, suppressed: 1 })
    expect(figures({}).unanswered).toEqual({ count: 0, oldestMs: null })
  })

  it('names a hundred exhausted ones, and counts them all', () => {
    const outlines = Array.from({ length: 150 }, (_, n) => outline(`i${n}`, 'exhausted', 2))
    const { exhausted, exhaustedCount } = figures({ outlines })
    expect([exhausted.length, exhaustedCount]).toEqual([100, 150])
  })

  it('tells how old acknowledgements are, those that end first at the top', () => {
    const ack = (id: string, leftMs: number, heldBy: string) => ({
      ...outline(id, 'acknowledged', 1, { dueAt: NOW + leftMs }),
      fields: [PATH, 1, 120 * MIN, heldBy, null],
    })
    expect(
      figures({ outlines: [ack('a', 100 * MIN, 'chief-1'), ack('b', 5 * MIN, 'agent-0')] }).acks,
    ).toEqual({
      count: 2,
      oldestMs: 115 * MIN,
      running: [
        { id: 'b', level: 'chief', heldBy: 'agent-0', ageMs: 115 * MIN, leftMs: 5 * MIN },
        { id: 'a', level: 'chief', heldBy: 'chief-1', ageMs: 20 * MIN, leftMs: 100 * MIN },
      ],
    })
  })
})

describe('a day', () => {
  it('tells lateness as percentiles by nearest rank, of served timers alone', () => {
    const served = (lateMs: number | null) => ({ ...incident('a', [[1, 'escalated', 'chief']])[0]!, lateMs })
    const day = [...Array.from({ length: 100 }, (_, n) => served(n + 1)), served(null)]
    expect(figures({ day }).lateness).toMatchObject({
      promiseMs: 1_000,
      samples: 100,
      p50Ms: 50,
      p99Ms: 99,
      maxMs: 100,
    })
    expect(figures({}).lateness).toMatchObject({ samples: 0, p50Ms: null, p99Ms: null, maxMs: null })
  })

  it('counts levels passed, and what became of notices', () => {
    const notice = (type: string) => ({ ...incident('a', [[1, 'x', 'peer']])[0]!, type: `notice.${type}` })
    const day = [
      ...incident('a', [
        [3, 'level_passed', 'peer'],
        [2, 'level_passed', 'chief'],
        [1, 'level_passed', 'peer'],
      ]),
      ...['failed', 'dropped', 'dropped', 'dropped'].map(notice),
    ]
    const { passed, notices } = figures({ day })
    expect(passed).toMatchObject({ total: 3, byLevel: { peer: 2, chief: 1 } })
    expect(notices).toMatchObject({ failed: 1, dropped: 3 })
  })

  it('that held more than is read says from when on it counts', () => {
    const [one] = incident('a', [[7, 'notified', 'peer']])
    const { lateness } = figures({ day: Array.from({ length: FACTS_MAX }, () => one!) })
    expect([lateness.complete, lateness.sinceAt]).toEqual([false, isoTime(NOW - 7 * MIN)])
  })
})

describe('shares', () => {
  const resolvedAt = (level: string, n: number) =>
    Array.from({ length: n }, (_, i) =>
      incident(`${level}${i}`, [
        [2, 'opened', level],
        [1, 'resolved', level],
      ]),
    ).flat()

  it('stand beside the healthy pattern, of incidents that were resolved and not taken back', () => {
    const month = [
      ...resolvedAt('peer', 10),
      ...resolvedAt('chief', 6),
      ...resolvedAt('ceo', 4),
      ...incident('w', [[1, 'withdrawn', 'peer']]),
    ]
    const { resolved } = figures({ month })
    expect([resolved.n, resolved.tooFew]).toEqual([20, false])
    expect(resolved.levels).toEqual([
      { level: 'peer', n: 10, share: 0.5, healthy: 0.6 },
      { level: 'domain', n: 0, share: 0, healthy: 0.1 },
      { level: 'chief', n: 6, share: 0.3, healthy: 0.25 },
      { level: 'ceo', n: 4, share: 0.2, healthy: 0.05 },
    ])
  })

  it('of fewer than twenty are too few to tell', () => {
    const { resolved, emergencies } = figures({ month: resolvedAt('peer', 19) })
    expect([resolved.n, resolved.tooFew, resolved.levels[0]!.share]).toEqual([19, true, null])
    expect([emergencies.opened, emergencies.tooFew, emergencies.share]).toEqual([19, true, null])
  })

  it('count an emergency once: by its category, or raised', () => {
    const month = [
      ...resolvedAt('peer', 17),
      ...incident(
        'x',
        [
          [3, 'opened', 'domain'],
          [2, 'raised', 'ceo'],
        ],
        'production',
      ),
      ...incident('y', [
        [3, 'opened', 'peer'],
        [2, 'raised', 'ceo'],
      ]),
      ...incident('z', [[3, 'opened', 'ceo']], 'security'),
    ]
    expect(figures({ month }).emergencies).toMatchObject({
      opened: 20,
      n: 3,
      share: 0.15,
      healthyBelow: 0.01,
    })
  })
})

describe('answers', () => {
  const levelOf = (month: IncidentFact[], level: string) =>
    figures({ month }).response.levels.find((one) => one.level === level)

  it('are measured from the telling to the acknowledgement, or to the resolve that answers too', () => {
    const month = [
      ...incident('a', [
        [60, 'opened', 'peer'],
        [60, 'notified', 'peer'],
        [50, 'acknowledged', 'peer'],
      ]),
      ...incident('b', [
        [60, 'opened', 'peer'],
        [60, 'notified', 'peer'],
        [40, 'resolved', 'peer'],
      ]),
    ]
    expect(levelOf(month.toReversed(), 'peer')).toEqual({
      level: 'peer',
      told: 2,
      answered: 2,
      p50Ms: 10 * MIN,
      p95Ms: 20 * MIN,
      targetMs: 30 * MIN,
      withinTarget: 1,
    })
  })

  it('that did not come count against the level, those that may still come do not', () => {
    const month = [
      ...incident('a', [
        [90, 'opened', 'peer'],
        [90, 'notified', 'peer'],
        [60, 'escalated', 'chief'],
        [60, 'notified', 'chief'],
        [50, 'acknowledged', 'chief'],
      ]),
      ...incident('b', [
        [10, 'opened', 'peer'],
        [10, 'notified', 'peer'],
      ]),
      ...incident('c', [
        [31, 'opened', 'peer'],
        [31, 'notified', 'peer'],
      ]),
      ...incident('d', [
        [40, 'opened', 'peer'],
        [40, 'notified', 'peer'],
        [5, 'withdrawn', 'peer'],
      ]),
    ]
    expect(levelOf(month, 'peer')).toMatchObject({ told: 2, answered: 0, p50Ms: null, withinTarget: 0 })
    expect(levelOf(month, 'chief')).toMatchObject({ told: 1, answered: 1, withinTarget: 1 })
    expect(levelOf(month, 'ceo')).toMatchObject({ told: 0, withinTarget: null })
  })

  it('after the target are late, and a scaled incident has a scaled target', () => {
    const late: [number, string, string][] = [
      [60, 'opened', 'peer'],
      [60, 'notified', 'peer'],
      [29, 'acknowledged', 'peer'],
    ]
    expect(levelOf(incident('a', late), 'peer')).toMatchObject({ answered: 1, withinTarget: 0 })
    const scaled: [number, string, string][] = [
      [2, 'opened', 'peer'],
      [2, 'notified', 'peer'],
      [1, 'acknowledged', 'peer'],
    ]
    expect(levelOf(incident('a', scaled, 'integration', 60), 'peer')).toMatchObject({
      answered: 1,
      withinTarget: 0,
    })
    expect(levelOf(incident('a', scaled, 'integration', 1), 'peer')).toMatchObject({ withinTarget: 1 })
  })
})

describe('workers', () => {
  it('show the youngest sweep, and the clock that is farthest off', () => {
    const workers = [
      { beatAgeMs: 500, skewMs: 3, sweepAgeMs: 40 },
      { beatAgeMs: 100, skewMs: -7_200_000, sweepAgeMs: 9_000 },
      { beatAgeMs: 1, skewMs: 0, sweepAgeMs: null },
    ]
    expect(figures({ workers })).toMatchObject({ sweep: { ageMs: 540 }, clock: { skewMs: -7_200_000 } })
    expect(figures({})).toMatchObject({ sweep: { ageMs: null }, clock: { skewMs: null } })
  })
})
