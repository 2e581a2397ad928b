import { readFile } from 'node:fs/promises'
import {
  lintScripts,
  lintUntried,
  needsRehearsal,
  type LintReport,
  readScript,
  readSizes,
  schemaOf,
  type Script,
  type Verdict,
} from '@esa/database-migrations/lint'
import { EsaError } from '@esa/protocol'
import type { Config } from '../../config.ts'
import { answer, EXIT, note, Progress } from '@esa/cli/plugin-kit'
import { appliedFiles, filesToLint } from '../../files/lint-files.ts'
import { githubText } from './lint-github.ts'
import { sarifLog } from './lint-sarif.ts'
import { lintText } from './lint-text.ts'

/** How a lint's answer is written. */
type Format = 'text' | 'json' | 'sarif' | 'github'

/** Options of `esa db migrate lint`. */
export interface LintFlags {
  target?: string
  schema?: string
  independent?: boolean
  assumeInTransaction?: boolean
  format?: Format
}

/** Largest file that is read, with rows of COPY in it: more fits no memory comfortably. */
const FILE_BYTES_MAX = 256 * 1024 * 1024

/**
 * Tries the statements of SQL files on a rehearsal database and answers with what they lock, rewrite and risk. Exit 1 when
 * an error was found. @throws EsaError `usage.lint`, `file.*`, `sql.*`, `target.unknown`, `database.*`.
 */
export async function lintFiles(
  config: Config,
  environment: NodeJS.ProcessEnv,
  files: string[],
  { target, schema, independent = false, assumeInTransaction = false, format }: LintFlags,
): Promise<void> {
  if (target !== undefined && schema !== undefined) {
    throw new EsaError('usage.lint', 'terminal', '--target and --schema both say what there was before', {
      hint: 'give one of them',
    })
  }
  if (config.json && format !== undefined && format !== 'json') {
    throw new EsaError('usage.lint', 'terminal', `--json and --format ${format} are two answers`, {
      hint: 'give one of them',
    })
  }
  // What cannot be read costs no rehearsal.
  const found = await filesToLint(files)
  const scripts: Script[] = []
  for (const { path } of found) scripts.push(await read(path))
  if (!needsRehearsal(scripts))
    return print(config, format, lintUntried(scripts, assumeInTransaction), scripts)
  const before = schema === undefined ? null : { sql: schemaOf(await read(schema)) }
  // What speaks to servers is loaded here: a file that needs none is judged in the time of a start.
  const [{ rehearsalGround }, { onTarget }] = await Promise.all([
    import('../../sandbox/rehearsal-ground.ts'),
    import('../../targets/on-target.ts'),
  ])
  const progress = trying(scripts)
  const options = { independent, assumeInTransaction, onProgress: progress.update }
  const work =
    target === undefined
      ? lintScripts(scripts, {
          ...options,
          ground: await rehearsalGround(config, null),
          schema: before,
          sizes: new Map(),
        })
      : onTarget(config, environment, target, async ({ queryable }) => {
          const applied = await appliedFiles(queryable, found)
          return lintScripts(
            scripts.filter(({ file }) => !applied.has(file)),
            {
              ...options,
              ground: await rehearsalGround(config, queryable),
              schema: { from: queryable },
              sizes: await readSizes(queryable),
            },
          )
        })
  print(config, format, await work.finally(progress.stop), scripts)
}

function trying(scripts: readonly Script[]): { update(done: number): void; stop(): void } {
  const total = scripts.reduce((sum, { statements }) => sum + statements.length, 0)
  return new Progress().bar('trying', total)
}

async function read(file: string): Promise<Script> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new EsaError('file.unreadable', 'terminal', `cannot read ${file}`, {
      cause,
      hint: 'check the path and its rights',
    })
  })
  if (bytes.length <= FILE_BYTES_MAX) return readScript(file, bytes)
  throw new EsaError('usage.lint', 'terminal', `${file} is larger than ${FILE_BYTES_MAX / 1024 / 1024} MiB`, {
    hint: 'lint the statements that change the schema, and load rows by COPY',
  })
}

function print(
  config: Config,
  format: Format | undefined,
  { statements, missing }: LintReport,
  scripts: readonly Script[],
): void {
  if (statements.some(({ findings }) => findings.some(({ severity }) => severity === 'error'))) {
    process.exitCode = EXIT.findings
  }
  const json = config.json || format === 'json'
  if (!json) for (const { message } of missing) note(`the rehearsal lacks something: ${message}`)
  if (format === 'sarif') return answer({ json: true }, sarifLog(statements), () => '')
  answer({ json }, { statements: statements.map(statementDocument), missing }, () =>
    format === 'github' ? githubText(statements) : lintText(statements, scripts),
  )
}

/** A statement as the contract has it; its text is in the file. */
function statementDocument({ text: _, ...document }: Verdict): Omit<Verdict, 'text'> {
  return document
}
