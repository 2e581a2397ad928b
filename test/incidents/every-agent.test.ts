import { refusalIn } from '@esa/escalation'
import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'
import { projectOrg } from './project-org.ts'

const everyone = projectOrg()
  .all()
  .map(({ id }) => id)

/** Another agent, which sends. */
const colleagueOf = (agent: string): string => (agent === 'layer-60' ? 'layer-59' : 'layer-60')

it('every agent is one of 105', () => {
  expect(everyone).toHaveLength(105)
})

describe.each(everyone)('%s', (agent) => {
  const other = colleagueOf(agent)
  /** An incident of another agent that waits for this agent alone. */
  const asked = async () => {
    const world = new AgentsWorld()
    await world.tell(agent, { type: 'seat', seat: 'human', as: 'operator', by: 'someone' })
    const { state } = await world.open({ agent: other, category: 'blocker', title: 'x' })
    await world.command(state.id, { type: 'reassign', as: 'operator', to: agent })
    return { world, id: state.id }
  }

  it('opens an incident, whose path ends at the CEO', async () => {
    const world = new AgentsWorld()
    const [thread] = await world.send({
      from: agent,
      to: [other],
      type: 'incident',
      subject: 'down',
      body: { what: 'it is down' },
    })
    const [incident] = await world.incidentsOf(agent)
    expect(incident).toMatchObject({ agent, category: 'production', evidence: { thread } })
    expect(incident!.path.at(-1)).toMatchObject({ level: 'ceo', agents: ['agent-0'] })
  })

  it('is notified of an incident, and a person in its seat acknowledges it', async () => {
    const { world, id } = await asked()
    expect((await world.mind(agent)).inbox[id]).toMatchObject({ kind: 'incident', from: other })
    expect(refusalIn(await world.command(id, { type: 'acknowledge', as: agent, by: 'someone' }))).toBeNull()
    expect(await world.incident(id)).toMatchObject({ status: 'acknowledged', heldBy: agent })
  })

  it('declines an incident', async () => {
    const { world, id } = await asked()
    expect(refusalIn(await world.command(id, { type: 'decline', as: agent, reason: 'no' }))).toBeNull()
    expect((await world.history(id)).events.map(({ type }) => type)).toContain('incident.declined')
  })

  it('answers a question', async () => {
    const world = new AgentsWorld()
    const id = await world.task(other, agent, { responseRequired: true })
    expect(await world.answer(agent, id)).toEqual(['agent.answered'])
    expect((await world.mind(other)).awaiting).toEqual({})
  })

  it('is stopped, and nothing reaches it until it is resumed', async () => {
    const world = new AgentsWorld()
    await world.tell(agent, { type: 'stop', as: 'operator' })
    expect((await world.history(agent)).row.state.status).toBe('stopped')
    await world.task(other, agent)
    expect((await world.log(agent)).at(-1)).toBe('agent.missed')
    await world.tell(agent, { type: 'resume', as: 'operator' })
    await world.task(other, agent)
    expect((await world.log(agent)).at(-1)).toBe('agent.received')
  })
})

// The CEO's own rung stays in any case: see reachability.test.ts.
it.each(everyone.filter((id) => id !== 'agent-0'))('%s is passed once it is stopped', async (agent) => {
  const world = new AgentsWorld()
  const { state } = await world.open({ agent: colleagueOf(agent), category: 'blocker', title: 'x' })
  await world.command(state.id, { type: 'reassign', as: 'operator', to: agent })
  await world.tell(agent, { type: 'stop', as: 'operator' })
  await world.tell(state.id, { type: 'agent.stopped', agent })
  expect((await world.incident(state.id)).addressees).not.toContain(agent)
})
