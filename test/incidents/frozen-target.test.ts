import { describe, expect, it } from 'vitest'
import { AgentsWorld } from './agents-world.ts'

/** A loss that was counted, reported to the CEO at once by its witness. */
async function lossSeenBy(agent: string): Promise<AgentsWorld> {
  const world = new AgentsWorld()
  const evidence = { kind: 'rows-missing', missing: 7, source: 'a', copy: 'b', target: 'shop' }
  await world.open({ agent, category: 'data-loss', title: 'rows are gone', dedupKey: 'x', evidence })
  return world
}

describe('a counted loss', () => {
  it.each(['layer-1', 'layer-5'])(
    'that %s saw freezes what layer 1 builds, until an operator thaws it',
    async (agent) => {
      const world = await lossSeenBy(agent)
      expect((await world.mind('layer-1')).memory['frozen']).toMatchObject({
        shop: expect.stringContaining('7 rows are missing') as string,
      })
      await world.tell('layer-1', { type: 'thaw', target: 'shop', as: 'operator' })
      expect((await world.mind('layer-1')).memory['frozen']).toEqual({})
    },
  )
})
