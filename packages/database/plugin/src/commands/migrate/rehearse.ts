import { answer, colours, columns, EXIT, findingsText } from '@esa/cli/plugin-kit'
import type { Queryable } from '@esa/database-catalog/sql'
import { type RehearsedStatement, rehearseScripts } from '@esa/database-sandbox'
import type { Config } from '../../config.ts'
import { onRehearsal, type RehearsalFlags } from '../../sandbox/on-rehearsal.ts'
import { readScripts } from '../../files/script-files.ts'

/** Characters of a statement that are shown beside its verdict. */
const TEXT_SHOWN = 70

const VERDICT = { ok: colours.green('ok'), failed: colours.red('FAILED'), skipped: colours.dim('skipped') }

/**
 * Runs SQL files on a rehearsal copy and answers for each statement whether it went through and how long it took; nothing of it
 * stays. Exit 1 when one fails. @throws EsaError `sql.syntax`, `file.*`, and what `onRehearsal` throws.
 */
export async function rehearseFiles(
  config: Config,
  environment: NodeJS.ProcessEnv,
  files: string[],
  flags: RehearsalFlags,
): Promise<void> {
  const read = async (target: Queryable | null) =>
    (await Promise.all(files.map((file) => readScripts(file, target)))).flat()
  // What cannot be read costs no copy.
  await read(null)
  const purpose = { id: 'rehearse', rows: null }
  const found = await onRehearsal(config, environment, flags, purpose, async (rehearsal, target) => {
    const { tables, missing } = rehearsal
    return { statements: await rehearseScripts(rehearsal, await read(target)), tables, missing }
  })
  if (found.statements.some(({ outcome }) => outcome === 'failed')) process.exitCode = EXIT.findings
  answer(config, found, () => {
    const rows = found.tables.reduce((sum, table) => sum + table.rows, 0)
    const basis =
      found.tables.length === 0 ? 'without rows' : `with ${rows} rows of ${found.tables.length} tables`
    const said = found.missing.length === 0 ? [] : [findingsText(found.missing)]
    return [table(found.statements), colours.dim(`rehearsed ${basis}; nothing of it is left`), ...said].join(
      '\n',
    )
  })
}

function table(statements: RehearsedStatement[]): string {
  if (statements.length === 0) return 'no statements'
  const rows = statements.map(({ file, line, outcome, ms, text, error, why }) => [
    VERDICT[outcome],
    ms === null ? '-' : `${ms} ms`,
    `${file}:${line}`,
    [firstLine(text), colours.red(error?.message ?? ''), colours.dim(why ?? '')]
      .filter((part) => part !== '')
      .join('  '),
  ])
  return columns([['', 'TOOK', 'WHERE', 'STATEMENT'], ...rows])
}

function firstLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > TEXT_SHOWN ? `${line.slice(0, TEXT_SHOWN - 1)}…` : line
}
