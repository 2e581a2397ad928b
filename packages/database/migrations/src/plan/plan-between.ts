import { EsaError } from '@esa/protocol'
import {
  type Finding,
  postgresError,
  onOneSession,
  type Queryable,
  type ParsedStatement,
} from '@esa/database-catalog/sql'
import {
  type RehearsalGround,
  using,
  lackingOf,
  type SchemaSource,
  withRehearsal,
  type LeftOut,
  parseSchema,
  runScript,
} from '@esa/database-sandbox'
import type { ObjectKind } from './model/catalog.ts'
import type { Hints } from './model/hints.ts'
import { readMeaning, type ScriptMeaning } from './migration-script.ts'
import { type MigrationPlan, sealPlan } from './model/plan.ts'
import { planChanges } from './plan-changes.ts'

/** What a plan leads from and to: another schema, or scripts that change the first. */
export interface PlanSources {
  ground: RehearsalGround
  from: SchemaSource
  to: { schema: SchemaSource; silentAbout?: readonly ObjectKind[] } | { scripts: string[] }
  hints: Hints
}

/**
 * Plans on two rehearsal databases. A script that changes the first schema tells renames, conversions and fillings by
 * itself; hints given beside it win. @throws EsaError `usage.hint`, `sql.*`, `database.*`.
 */
export async function planBetween({ ground, from, to, hints }: PlanSources): Promise<MigrationPlan> {
  const scripts = await Promise.all(('scripts' in to ? to.scripts : []).map(parseSchema))
  const told = readMeaning(scripts.flat())
  const { schema, silentAbout = [] } = 'schema' in to ? to : { schema: from }
  return withRehearsal({ ground, id: 'plan_from', schema: from }, (source) =>
    withRehearsal({ ground, id: 'plan_to', schema, beside: source }, async (goal) => {
      await goal.admitRoles(scripts.flat())
      const without = [...source.missing, ...goal.missing].flatMap(leftOutBefore)
      const ran: ParsedStatement[] = []
      for (const script of scripts) {
        const leftOut = await using(goal.open(1), (pool) =>
          onOneSession(pool, (one) => runChange(one, script, goal.missing)),
        )
        const gone = new Set(leftOut.map(placed))
        ran.push(...script.filter((statement) => !gone.has(placed(statement))))
        without.push(...leftOut.map(leftOutOfChange))
      }
      // What was left out may speak of what neither schema has here.
      const meant = merged(readMeaning(ran), hints)
      const plan = await planChanges(source.queryable, goal.queryable, meant, silentAbout)
      if (told.unplanned.length === 0 && without.length === 0) return plan
      const { changes, phases, notes } = plan
      const unplanned = [...told.unplanned, ...plan.unplanned]
      return sealPlan({ changes, phases, unplanned, notes: [...new Set([...without, ...notes])] })
    }),
  )
}

function merged({ hints: told }: ScriptMeaning, hints: Hints): Hints {
  return {
    ...hints,
    rename: { ...told.rename, ...hints.rename },
    using: { ...told.using, ...hints.using },
    fill: { ...told.fill, ...hints.fill },
  }
}

/** What a schema lacks on its rehearsal, and with it the plan. */
function leftOutBefore({ kind, severity, message }: Finding): string[] {
  return kind === 'not-rehearsed' && severity === 'warning' ? [message] : []
}

/** Two statements may stand on one line. */
function placed({ line, text }: LeftOut | ParsedStatement): string {
  return `${line} ${text}`
}

function leftOutOfChange({ line, why }: LeftOut): string {
  return `line ${line} of the change: ${why}: left out, and the plan is without it`
}

/** A change that the server refuses as it is written is the caller's to mend: its lines are those of the change. */
async function runChange(
  session: Queryable,
  script: readonly ParsedStatement[],
  missing: readonly Finding[],
): Promise<LeftOut[]> {
  try {
    return await runScript(session, script, undefined, lackingOf(missing))
  } catch (error) {
    if (!(error instanceof EsaError) || error.code !== 'sql.schema-failed') throw error
    const { message } = postgresError(error.cause)
    const line = error.details['line'] as number
    throw new EsaError('sql.change-failed', 'terminal', `line ${line} of the change: ${message}`, {
      cause: error,
      hint: 'it fails on a copy of the schema too; the target schema can be given instead: plan FROM TO',
      details: { line },
    })
  }
}
