import { answer, colours, columns, findingsText } from '@esa/cli/plugin-kit'
import { type Normalization, normalizeDatabase, type TableNormalization } from '@esa/database-advice/measure'
import type { Config } from '../../config.ts'
import { onTarget } from '../../targets/on-target.ts'
import { type ReviewFlags, withBar } from './schema.ts'

/** Scores how far a target’s rows state each fact once, and proposes splits that are proven lossless. @throws EsaError `target.*`, `database.*`. */
export async function normalizeTarget(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target }: ReviewFlags,
): Promise<void> {
  await onTarget(
    config,
    environment,
    target,
    async ({ queryable }) => {
      const found = await withBar('normalize', (onTable) => normalizeDatabase(queryable, { onTable }))
      answer(config, found, () => [scoreText(found), findingsText(found.findings)].join('\n'))
    },
    { heavy: 'reading the rows of every table' },
  )
}

/** The score, and each table that loses some of it. */
function scoreText({ score, tables, judged, sampled, rows }: Normalization): string {
  if (score === null)
    return 'no score: no table has facts to judge (a few rows are needed, and the right to read them)'
  const row = (table: TableNormalization): string[] => [
    table.relation,
    `${table.score}`,
    `${table.rows}${table.sampled === true ? ` of ~${table.total}, sampled` : ''}`,
    table.violations
      .map(({ determinant, dependents }) => `${determinant.join(', ')} → ${dependents.join(', ')}`)
      .join('; '),
  ]
  const losing = tables.filter((table) => table.violations.length > 0)
  const list =
    losing.length === 0
      ? ''
      : `\n${columns([['TABLE', 'SCORE', 'ROWS', 'WHAT IS A FACT OF WHAT'], ...losing.map(row)])}`
  return `${colours.bold(`score ${score}`)} of 100 over ${judged} tables${sampled === 0 ? '' : ` (${sampled} sampled)`}, ${rows} rows looked at${list}\n`
}
