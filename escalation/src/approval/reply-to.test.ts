import { type ActorState, type Effect, step, type StepInput } from '@esa/actor'
import { buildDirectory } from '@esa/org'
import { type JsonObject, statementHash } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { approvalDefinition } from './approval-definition.ts'

const STATEMENT = 'create index concurrently orders_at on shop.orders (at);'
const HASH = statementHash(STATEMENT)
const REQUEST = {
  target: 'shop',
  statement: STATEMENT,
  kind: 'additive',
  askedBy: 'layer-1',
  because: 'a page is slow',
  reference: { order: 1 },
}
const USE = { type: 'use', hash: HASH, target: 'shop', kind: 'additive' }

/** An approval that `from` opened in the name of layer-1; `tell` answers with the messages of its step. */
function opened(from: string, version: 2 | 3 = 3) {
  const definition = approvalDefinition({ timeScale: 1, version })
  let state: ActorState | null = null
  let at = 1_000
  const taking = (input: StepInput): string[] => {
    const taken = step(definition, state, input, { at: (at += 1), unreachable: [] })
    state = taken.state
    return taken.effects.map((effect: Effect) =>
      effect.kind === 'send' ? `${effect.type} to ${effect.to}` : '',
    )
  }
  const body = { ...REQUEST }
  const input = definition.inputFrom({ actorId: 'A', from, body, at, consulted: [] }, buildDirectory([]))
  const asked = taking({ kind: 'start', id: 'A', input, event: {} })
  const tell = (event: JsonObject & { type: string }): string[] =>
    taking({ kind: 'event', id: `i${at}`, event })
  return { asked, tell, approve: () => tell({ type: 'approve', as: 'chief-1', hash: HASH }) }
}

const SETTLED = ['approval.settled to layer-1', 'approval.settled to chief-1', 'approval.settled to agent-0']

describe('what an approval answers', () => {
  it('goes to the actor that opened it, which may use it; the chief gets it through the agent', () => {
    const { asked, tell, approve } = opened('change-1')
    expect(asked).toEqual(['approval.asked to layer-1'])
    expect(approve()).toEqual(['approval.granted to change-1', ...SETTLED])
    expect(tell({ ...USE, as: 'change-2' })).toEqual([])
    expect(tell({ ...USE, as: 'change-1' })).toEqual(['approval.used to change-1'])
  })

  it('goes to the next one that opens it, and the one before learns that it is not for it', () => {
    const { tell, approve } = opened('change-1')
    const again = { ...REQUEST, type: 'open', reference: { order: 2 } }
    expect(tell({ ...again, from: 'change-2' })).toEqual([
      'approval.refused to change-1',
      'approval.asked to layer-1',
    ])
    expect(approve()).toEqual(['approval.granted to change-2', ...SETTLED])
    expect(tell({ ...USE, as: 'change-1' })).toEqual([])
    expect(tell({ ...again, reference: {}, from: 'operator' })).toEqual([])
    expect(tell({ ...USE, as: 'change-2' })).toEqual(['approval.used to change-2'])
  })

  it('goes to the one that is refused, when it requests what another agent has requested', () => {
    const { tell } = opened('change-1')
    const strange = { ...REQUEST, type: 'open', askedBy: 'layer-2' }
    expect(tell({ ...strange, from: 'change-9' })).toEqual(['approval.refused to change-9'])
    expect(tell({ ...strange, from: 'operator' })).toEqual(['approval.refused to layer-2'])
  })

  it('goes to the agent in whose name an operator opened it, and in version 2 always', () => {
    for (const approval of [opened('operator'), opened('change-1', 2)])
      expect(approval.approve()).toEqual(['approval.granted to layer-1', ...SETTLED])
    const { tell } = opened('change-1', 2)
    expect(tell({ type: 'withdraw', as: 'change-1' })).toEqual([])
  })

  it('lets the actor and the agent withdraw it', () => {
    for (const as of ['change-1', 'layer-1'])
      expect(opened('change-1').tell({ type: 'withdraw', as })[0]).toBe('approval.withdrawn to change-1')
  })
})
