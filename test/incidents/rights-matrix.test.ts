import { step } from '@esa/actor'
import { incidentDefinition, refusalIn } from '@esa/escalation'
import { type AgentId, CATEGORIES, type Category } from '@esa/protocol'
import { World } from '@esa/simulator'
import { describe, expect, it } from 'vitest'
import { projectOrg } from './project-org.ts'
import { commandsAs, ladderOf, mayAsk, type Standing } from './rights-oracle.ts'

const org = projectOrg()
const everybody = org.all().map(({ id }) => id)

/** One opener of each kind, and layers of several divisions. */
const OPENERS = 'agent-0 chief-5 domain-2 layer-1 layer-14 layer-53 expert-10 ops-63 lifeceo-health'.split(
  ' ',
)

/** Not on anybody's ladder here, so that a handed-over incident has a stranger at its rung. */
const STRANGER = 'layer-42'

/** Every agent gives every command to an incident in this state; gives what the rules and the oracle disagree on. */
async function disagreements(world: World, id: string, standing: Standing): Promise<string[]> {
  const definition = incidentDefinition({ timeScale: 1 })
  const { state } = (await world.history(id)).row
  const env = { at: state.at, unreachable: [] }
  const wrong: string[] = []
  for (const who of [...everybody, 'operator']) {
    for (const command of commandsAs(who, 'layer-2')) {
      // The step that the host would take, in its transaction; nothing is written, so that all ask the same incident.
      const { events } = step(definition, state, { kind: 'event', id: 'asked', event: command }, env)
      const refused = refusalIn(events)?.code === 'incident.not-allowed'
      if (refused === mayAsk(standing, who, command.type))
        wrong.push(`${who} ${command.type} at rung ${standing.rung}: ${refused ? 'refused' : 'obeyed'}`)
    }
  }
  return wrong
}

/** The incident of an opener and category at each rung of its ladder, climbed by an operator. */
async function climbed(opener: AgentId, category: Category): Promise<void> {
  const world = new World({ directory: org })
  const { state } = await world.open({ agent: opener, category, title: 'matrix' })
  const ladder = ladderOf(org, opener, category)
  const { path } = await world.incident(state.id)
  expect(path.map(({ agents }) => agents)).toEqual(ladder)
  for (const rung of ladder.keys()) {
    if (rung > 0) await world.command(state.id, { type: 'escalate', as: 'operator' })
    expect(await disagreements(world, state.id, { opener, ladder, rung })).toEqual([])
  }
}

describe(`who of ${everybody.length} agents may ask what`, () => {
  it('covers the whole organization', () => expect(everybody).toHaveLength(105))

  describe.each(OPENERS)('of an incident that %s opened', (opener) => {
    it.each(CATEGORIES)('about %s, at each rung', (category) => climbed(opener, category))
  })

  it('follows a reassignment: its new addressee declines, the former ones still answer', async () => {
    const world = new World({ directory: org })
    const { state } = await world.open({ agent: 'layer-1', category: 'integration', title: 'matrix' })
    const ladder = ladderOf(org, 'layer-1', 'integration')
    expect(ladder.flat()).not.toContain(STRANGER)
    await world.command(state.id, { type: 'reassign', as: 'operator', to: STRANGER })
    const standing = { opener: 'layer-1', ladder, rung: 0, reassignedTo: STRANGER }
    expect(await disagreements(world, state.id, standing)).toEqual([])
  })

  it('is the same while it is acknowledged, and once it is exhausted', async () => {
    const world = new World({ directory: org })
    const { state } = await world.open({ agent: 'layer-14', category: 'blocker', title: 'matrix' })
    const ladder = ladderOf(org, 'layer-14', 'blocker')
    await world.command(state.id, { type: 'acknowledge', as: ladder[0]![0]! })
    expect(await disagreements(world, state.id, { opener: 'layer-14', ladder, rung: 0 })).toEqual([])
    for (let climb = 0; climb < 3; climb++)
      await world.command(state.id, { type: 'escalate', as: 'operator' })
    expect((await world.incident(state.id)).status).toBe('exhausted')
    expect(await disagreements(world, state.id, { opener: 'layer-14', ladder, rung: 1 })).toEqual([])
  })
})
