import { describe, expect, it } from 'vitest'
import { commandSchema, incidentCommands } from './commands.ts'

const parsed = (given: object): unknown => commandSchema().safeParse(given).data

describe('the table of commands', () => {
  it('takes a reason by that word and by that of before', () => {
    const resolve = { type: 'resolve', as: 'layer-2' }
    expect(parsed({ ...resolve, reason: 'done' })).toEqual({ ...resolve, cause: 'done' })
    expect(parsed({ ...resolve, cause: 'done' })).toEqual({ ...resolve, cause: 'done' })
    expect(parsed({ ...resolve, cause: 'done', reason: 'other' })).toBeUndefined()
    const withdraw = { type: 'withdraw', as: 'layer-1' }
    expect(parsed({ ...withdraw, reason: 'by mistake' })).toEqual({ ...withdraw, because: 'by mistake' })
    expect(parsed({ type: 'decline', as: 'layer-2', reason: 'no' })).toMatchObject({ reason: 'no' })
  })

  it('refuses what a command does not have, and a type that is not in it', () => {
    expect(parsed({ type: 'raise', as: 'layer-1', forMs: 1 })).toBeUndefined()
    expect(parsed({ type: 'toString', as: 'operator' })).toBeUndefined()
    expect(commandSchema().safeParse(null).success).toBe(false)
  })

  it('makes its schema of every row', () => {
    const table = { ...incidentCommands, ping: { ...incidentCommands.raise, http: 'ping', cli: 'ping' } }
    expect(commandSchema(table).safeParse({ type: 'ping', as: 'operator' }).success).toBe(true)
    expect(commandSchema().safeParse({ type: 'ping', as: 'operator' }).success).toBe(false)
  })
})
