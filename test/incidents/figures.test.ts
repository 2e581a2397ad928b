import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildDirectory, decodeCard } from '@esa/org'
import { parseCard } from '@esa/org/cards'
import { World } from '@esa/simulator'
import { describe, expect, it } from 'vitest'
import { readFigures } from '@esa/operations'

const MIN = 60_000
const ROOT = join(import.meta.dirname, '../..')

const cards = globSync('agents/*/*/card.md', { cwd: ROOT }).flatMap((file) => {
  const { source } = decodeCard(file, readFileSync(join(ROOT, file)))
  const agent = source === null ? null : parseCard(source).agent
  return agent === null ? [] : [agent]
})

/** A day in a world whose clock is ours, and the figures that its store then gives. */
describe('the figures of a world', () => {
  it('are those of what happened in it', async () => {
    const world = new World({ directory: buildDirectory(cards) })
    const open = async (category: 'integration' | 'security' | 'performance') =>
      (await world.open({ agent: 'layer-1', category, title: 'x' })).state.id
    const [acked, resolved, silent, loud] = [
      await open('integration'),
      await open('integration'),
      await open('performance'),
      await open('security'),
    ]
    await world.advance(10 * MIN)
    await world.command(acked, { type: 'acknowledge', as: 'layer-2' })
    await world.command(resolved, { type: 'resolve', as: 'layer-3', cause: 'restarted' })
    await world.outage(31 * MIN)
    await world.stop('chief-1')
    await world.tell(silent, { type: 'agent.stopped', agent: 'chief-1' })
    const { nowMs } = await world.store.runtime()
    const { figures } = await readFigures(world.store, nowMs)
    expect(figures.open).toMatchObject({
      total: 3,
      byLevel: { peer: 1, ceo: 2 },
      byStatus: { acknowledged: 1, triggered: 2 },
    })
    // Due at 30 min, served at the end of the outage, at 41.
    expect(figures.lateness).toMatchObject({ samples: 1, p50Ms: 11 * MIN, maxMs: 11 * MIN })
    expect(figures.acks.running).toEqual([
      { id: acked, level: 'peer', heldBy: 'layer-2', ageMs: 31 * MIN, leftMs: 89 * MIN },
    ])
    expect(figures.passed).toMatchObject({ total: 1, byLevel: { chief: 1 } })
    expect(figures.resolved).toMatchObject({ n: 1, tooFew: true })
    expect(figures.emergencies).toMatchObject({ opened: 4, n: 1 })
    const [peer, domain, chief, ceo] = figures.response.levels
    expect(peer).toMatchObject({ told: 2, answered: 2, p50Ms: 10 * MIN, withinTarget: 1 })
    expect([domain!.told, domain!.answered, chief!.told, ceo!.told]).toEqual([1, 0, 1, 0])
    await world.command(loud, { type: 'resolve', as: 'agent-0', cause: 'done' })
    const later = await readFigures(world.store, nowMs)
    expect(later.figures.response.levels[3]).toMatchObject({ told: 1, answered: 1, withinTarget: 1 })
    expect([later.figures.sweep.ageMs, later.workers]).toEqual([null, []])
  })

  it('tell how long the sweeps of a living worker have rested, and how far off its clock is', async () => {
    const world = new World({ directory: buildDirectory(cards) })
    const { nowMs } = await world.store.runtime()
    const worker = { id: 'w1', pid: 1, host: 'h', startedAt: nowMs }
    await world.store.beat({ ...worker, workerNowMs: nowMs + 250, info: { sweepAgeMs: 30 } })
    await world.advance(2_000)
    const seen = await readFigures(world.store, nowMs + 2_000)
    expect(seen.figures).toMatchObject({ sweep: { ageMs: 2_030 }, clock: { skewMs: 250 } })
    expect((await readFigures(world.store, nowMs + 10_001)).workers).toEqual([])
  })
})
