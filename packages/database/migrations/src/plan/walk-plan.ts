import { type Queryable, type LockMode, strongest } from '@esa/database-catalog/sql'
import type { LockTaken, Phase, Step } from './model/plan.ts'
import { runBatch, type WalkPlace } from './run-batch.ts'

const TABLES = `select c.oid::int8::text as oid, n.nspname || '.' || c.relname as name from pg_class c
  join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p') and n.nspname !~ '^pg_'`

const HELD = `select relation::int8::text as oid, mode from pg_locks
  where pid = pg_backend_pid() and locktype = 'relation' and granted`

/**
 * Runs one step on a session and gives the strongest lock that it took on each table that was there before. For small
 * databases: nothing is throttled, retried or resumed. @throws the server's error unchanged.
 */
export async function walkStep(session: Queryable, step: Step): Promise<LockTaken[]> {
  if (step.kind === 'statement' && !step.transaction) {
    await session.query(step.sql)
    return step.index === undefined
      ? []
      : [{ relation: `${step.index.schema}.${step.index.relation}`, mode: 'ShareUpdateExclusiveLock' }]
  }
  const names = new Map(
    (await session.query(TABLES)).rows.map(({ oid, name }) => [String(oid), String(name)]),
  )
  await session.query('BEGIN')
  try {
    await runOnce(session, step)
    const held = (await session.query(HELD)).rows as { oid: string; mode: LockMode }[]
    await session.query('COMMIT')
    return strongest(
      held.flatMap(({ oid, mode }) => (names.has(oid) ? [{ relation: names.get(oid)!, mode }] : [])),
    )
  } catch (error) {
    await session.query('ROLLBACK')
    throw error
  }
}

/** Undoes the steps of a phase, the last first, as far as each can be undone. */
export async function unwalkPhase(session: Queryable, { steps }: Pick<Phase, 'steps'>): Promise<void> {
  for (const step of steps.toReversed()) {
    if (step.kind !== 'statement' || step.rollback === null || step.rollback === '') continue
    // Several statements in one message are one transaction; one that must not be in any is sent alone.
    await session.query(step.rollback)
  }
}

async function runOnce(session: Queryable, step: Step): Promise<void> {
  if (step.kind === 'statement') {
    await session.query(step.sql)
  } else if (step.kind === 'verify') await session.query(step.sql)
  else {
    let place: WalkPlace = null
    do place = (await runBatch(session, step, place)).place
    while (place !== null)
  }
}
