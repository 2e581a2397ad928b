import type { Queryable } from '@esa/database-catalog/sql'
import { lookBeside, takeBackBeside } from './beside-transaction.ts'
import { type Came, measure } from './closer-look.ts'
import { type Effect, plainEffect } from '../plan/steps/effects.ts'
import type { MigrationStep } from '../plan/steps/step.ts'

/** Runs a step on a copy in a transaction of its own, and measures it; a second time where rows tell more than counters. */
export async function runMeasured(session: Queryable, sql: string): Promise<Came> {
  const compared: string[] = []
  for (;;) {
    const beside = await lookBeside(session)
    await session.query('begin')
    const came = await measure(
      session,
      sql,
      { compared, trusted: false },
      async () => void (await session.query(sql)),
    )
    await session.query(came.unkept.length === 0 ? 'commit' : 'rollback')
    if (came.unkept.length === 0) return came
    await takeBackBeside(session, beside)
    compared.push(...came.unkept)
  }
}

/**
 * What each step took, by its id, as an approval of it names it. Of a migration that lost nothing, a step that takes no
 * approval by what it says is taken at its word: all values are still somewhere.
 */
export function effectsOfSteps(
  steps: MigrationStep[],
  came: Map<string, Came>,
  lossless: boolean,
): Record<string, Effect[]> {
  return Object.fromEntries(
    steps.flatMap(({ id, risk }) => {
      const { took = [], beyond = [] } = came.get(id) ?? {}
      const effects = lossless && risk !== 'destructive' ? beyond : took
      return effects.length === 0 ? [] : [[id, effects.map(plainEffect)]]
    }),
  )
}
