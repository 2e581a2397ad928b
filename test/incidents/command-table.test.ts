import type { ActorState } from '@esa/actor'
import { refusalIn } from '@esa/escalation'
import { describe, expect } from 'vitest'
import { ASKED, expectedRefusal, LEADS_TO, SCENES, type Scene, type Step } from './command-table.ts'
import { type Stage, story } from './story.ts'

describe('every command, in every situation, by every agent', () => {
  for (const scene of SCENES) {
    for (const [as, standings] of Object.entries(scene.cast)) {
      story(`${scene.name}: ${as} (${standings.join(', ') || 'a stranger'})`, async (stage) => {
        const { world } = stage
        for (const asked of ASKED) {
          const [id, twin] = await enterTwice(stage, scene)
          // What settling alone leaves: the twin's overdue deadline is served at the same instant, and no command comes.
          await world.ring(twin)
          const settled = essence((await world.history(twin)).row.state)
          const command = asked.ask(as, settled.epoch)
          const events = await world.command(id, command)
          const after = essence((await world.history(id)).row.state)
          const expected = expectedRefusal(scene, standings, asked)
          const code = refusalIn(events)?.code ?? null
          expect([asked.name, code]).toEqual([asked.name, expected])
          if (expected === null) {
            const status = scene.leadsTo?.[command.type] ?? LEADS_TO[command.type][scene.status]
            expect([asked.name, after.status]).toEqual([asked.name, status])
          } else {
            const refused = { type: 'command.refused', actor: as, data: { command: command.type, code } }
            expect(events.at(-1)).toMatchObject(refused)
            expect([asked.name, after]).toEqual([asked.name, settled])
          }
        }
      })
    }
  }
})

/** Two incidents, opened at one instant, in the same situation. */
async function enterTwice(stage: Stage, scene: Scene): Promise<[string, string]> {
  const { open, world, after } = stage
  for (const step of scene.into)
    if (step.type === 'silence') await world.silence({ agent: 'layer-1' }, step.forMs)
  const id = await open('layer-1', scene.category)
  // The story's own checks at its end need only one of the two.
  const { state } = await world.open({ agent: 'layer-1', category: scene.category, title: 'a story' })
  const pair: [string, string] = [id, state.id]
  for (const step of scene.into) {
    if (step.type === 'wait') await after(`${step.forMs}ms`)
    else if (step.type === 'freeze') world.freeze(step.forMs)
    else for (const one of pair) await happen(stage, one, step)
  }
  expect(await world.incident(pair[1])).toMatchObject(
    scene.into[0]?.type === 'freeze' ? {} : { status: scene.status, level: scene.level },
  )
  return pair
}

async function happen({ world }: Stage, id: string, step: Step): Promise<void> {
  if (step.type === 'silence' || step.type === 'wait' || step.type === 'freeze') return
  if (step.type !== 'stop') return void (await world.command(id, step))
  await world.stop(step.agent)
  await world.tell(id, { type: 'agent.stopped', agent: step.agent })
}

/** What of an incident a refused command may not change: all but its id, its sequence and its last instant. */
function essence({ status, live, epoch, timer, snapshot }: ActorState) {
  return { status, live, epoch, timer, snapshot }
}
