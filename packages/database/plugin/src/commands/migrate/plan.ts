import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Queryable } from '@esa/database-catalog/sql'
import {
  type Hints,
  isWayBackOnly,
  type MigrationPlan,
  planBetween,
  planFiles,
  type PlanSources,
  type Step,
} from '@esa/database-migrations/plan'
import { EsaError } from '@esa/protocol'
import * as z from 'zod'
import { answer, colours, EXIT, note, readText } from '@esa/cli/plugin-kit'
import type { Config } from '../../config.ts'
import { pendingMigrations } from '../../files/drizzle-journal.ts'
import {
  DRIZZLE_SILENT_ABOUT,
  drizzleMigrations,
  drizzleSchema,
  isDrizzleModule,
} from '../../files/drizzle-project.ts'
import { onTarget } from '../../targets/on-target.ts'
import { rehearsalGround } from '../../sandbox/rehearsal-ground.ts'

/** Options of `esa db migrate plan`. */
export interface PlanFlags {
  target?: string
  rename?: string[]
  fill?: string[]
  hints?: string
  write?: string
}

const expressions = z.record(z.string(), z.string())

const hintsSchema = z.strictObject({
  rename: expressions.optional(),
  fill: expressions.optional(),
  using: z.record(z.string(), z.strictObject({ to: z.string(), back: z.string().optional() })).optional(),
  split: z.record(z.string(), z.strictObject({ into: expressions, back: z.string().optional() })).optional(),
  extract: z
    .array(
      z.strictObject({
        relation: z.string(),
        determinant: z.array(z.string()).min(1),
        dependents: z.array(z.string()).min(1),
        into: z.string(),
      }),
    )
    .optional(),
})

/**
 * Answers with a plan that leads from one schema to another while both are written to; exit 1 when a part of the way is left
 * to a person. @throws EsaError `usage.*`, `file.*`, `drizzle.*`, `sql.*`, `target.*`, `database.*`.
 */
export async function planBetweenFiles(
  config: Config,
  environment: NodeJS.ProcessEnv,
  [first, second]: [string, string | undefined],
  flags: PlanFlags,
): Promise<void> {
  if (second !== undefined && flags.target !== undefined)
    throw usage(
      'FROM and TO are two schemas, and --target is a third',
      'leave FROM out: it is then the target',
    )
  if (second === undefined && flags.target === undefined)
    throw usage('what it leads to is missing', 'esa db migrate plan FROM TO, or: plan CHANGE --target T')
  const hints = await readHints(flags)
  if (second !== undefined) {
    const ground = await rehearsalGround(config, null)
    const from = { sql: await readSchema(first) }
    const to = { schema: { sql: await readSchema(second) }, silentAbout: silence(second) }
    return await print(config, flags, await planBetween({ ground, from, to, hints }))
  }
  await onTarget(config, environment, flags.target!, async ({ queryable }) => {
    const ground = await rehearsalGround(config, queryable)
    const to = await readChange(first, queryable)
    await print(config, flags, await planBetween({ ground, from: { from: queryable }, to, hints }))
  })
}

/** A schema: a Drizzle project, the migrations of one, or SQL. */
async function readSchema(path: string): Promise<string[]> {
  if (isDrizzleModule(path)) return [await drizzleSchema(path)]
  const migrations = await drizzleMigrations(path)
  return migrations === undefined ? [await readText(path)] : migrations.map(({ sql }) => sql)
}

function silence(path: string): typeof DRIZZLE_SILENT_ABOUT | [] {
  return isDrizzleModule(path) ? DRIZZLE_SILENT_ABOUT : []
}

/** What changes a target: a Drizzle schema is where it leads, migrations and SQL are steps from where it is. */
async function readChange(path: string, target: Queryable): Promise<PlanSources['to']> {
  if (isDrizzleModule(path))
    return { schema: { sql: [await drizzleSchema(path)] }, silentAbout: silence(path) }
  const migrations = await drizzleMigrations(path)
  if (migrations === undefined) return { scripts: [await readText(path)] }
  const pending = await pendingMigrations(target, migrations)
  note(
    `${migrations.length - pending.length} of ${migrations.length} migrations are applied; planning ${pending.map(({ tag }) => tag).join(', ') || 'nothing'}`,
  )
  return { scripts: pending.map(({ sql }) => sql) }
}

async function readHints({ rename, fill, hints: file }: PlanFlags): Promise<Hints> {
  const told: Hints = { rename: pairs('--rename', rename), fill: pairs('--fill', fill) }
  if (file === undefined) return told
  let json: unknown
  try {
    json = JSON.parse(await readText(file))
  } catch (cause) {
    if (cause instanceof EsaError) throw cause
    throw usage(`${file} is not JSON: ${(cause as Error).message}`)
  }
  const parsed = hintsSchema.safeParse(json)
  if (!parsed.success) throw usage(`${file}: ${z.prettifyError(parsed.error)}`)
  const { rename: renames, fill: fills, ...rest } = parsed.data
  return { ...(rest as Hints), rename: { ...renames, ...told.rename }, fill: { ...fills, ...told.fill } }
}

function pairs(flag: string, texts: string[] = []): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=')
      if (at > 0 && at < text.length - 1) return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
      throw usage(`${flag} ${text} has not the form OLD=NEW`, 'like --rename orders.total=amount')
    }),
  )
}

async function print(config: Config, { write }: PlanFlags, plan: MigrationPlan): Promise<void> {
  if (plan.unplanned.length > 0) process.exitCode = EXIT.findings
  if (write !== undefined) {
    await mkdir(write, { recursive: true })
    for (const { name, text } of planFiles(plan)) await writeFile(join(write, name), text)
    note(`written to ${write}; apply it with: esa db migrate apply ${join(write, 'plan.json')} --target T`)
  }
  answer(config, plan, () => planText(plan))
}

function planText({ id, changes, phases, unplanned, notes }: MigrationPlan): string {
  if (changes.length === 0 && unplanned.length === 0) {
    if (notes.length === 0) return 'both schemas are the same'
    return ['nothing differs in what could be compared', ...notes.map((text) => `note ${text}`)].join('\n\n')
  }
  return [
    colours.bold(`plan ${id}`),
    ...changes.map(({ about }) => `  ${about}`),
    ...phases.flatMap(({ name, promise, destructive, steps }) => [
      '',
      `${colours.bold(name)} ${colours.dim(promise)}${destructive ? colours.red(' needs approval') : ''}`,
      ...steps.filter((step) => !isWayBackOnly(step)).flatMap(stepText),
    ]),
    ...unplanned.flatMap(({ what, why, safest }) => [
      '',
      `${colours.red('not planned')} ${what}`,
      `  ${why}`,
      ...(safest === undefined ? [] : [`  → ${safest}`]),
    ]),
    ...notes.flatMap((line) => ['', `${colours.yellow('note')} ${line}`]),
  ].join('\n')
}

function stepText(step: Step): string[] {
  const locks = step.locks.map(({ relation, mode }) => `${relation} ${mode}`).join(', ')
  return [
    `  ${step.id.padEnd(12)} ${step.about}${locks === '' ? '' : colours.dim(` [${locks}]`)}`,
    ...step.sql.split('\n').map((line) => `      ${line}`),
  ]
}

function usage(message: string, hint?: string): EsaError {
  return new EsaError('usage.plan', 'terminal', message, hint === undefined ? {} : { hint })
}
