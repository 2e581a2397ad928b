import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { LATE_MAX_MS } from './outages.ts'
import type { Soaked } from './soak.ts'
import type { Verdict } from './verdict.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The page that keeps the runs. */
const PAGE = join(ROOT, 'docs/reliability.md')

/** A row goes in after the last one of this table. */
const HEAD =
  '| date | commit | machine | command | incidents | kill -9 | PostgreSQL kills | FLUSHALLs | lost | doubled | early | wrong | late p99 ms | late max ms |'

/** True when nothing was lost, doubled, early or wrong, and nothing later than is promised. */
export function isClean({ lost, doubled, early, wrong, late }: Verdict): boolean {
  return lost.length + doubled.length + early.length + wrong.length === 0 && late.max <= LATE_MAX_MS
}

/** A verdict in one line. */
export function inOneLine({ incidents, lost, doubled, early, wrong, late }: Verdict): string {
  const found = `lost ${lost.length}, doubled ${doubled.length}, early ${early.length}, wrong ${wrong.length}`
  return `${incidents} incidents, ${found}; ${late.timers} timers late p50 ${late.p50} p99 ${late.p99} max ${late.max} ms`
}

/** A soak as a row of the table in docs/reliability.md. */
export function row({ verdict, kills, postgresKills, flushes }: Soaked, command: string): string {
  const { incidents, lost, doubled, early, wrong, late } = verdict
  const machine = `${cpus().length} x ${cpus()[0]?.model.replace(/\s+/g, ' ')}, Node ${process.version}`
  const counts = [incidents, kills, postgresKills, flushes]
  const found = [lost, doubled, early, wrong].map(({ length }) => length)
  const date = new Date().toISOString().slice(0, 10)
  const cells = [date, commit(), machine, `\`${command}\``, ...counts, ...found, late.p99, late.max]
  return `| ${cells.join(' | ')} |`
}

/** Puts a row behind the others on the page. @throws Error when the table is not there any more. */
export async function append(line: string): Promise<void> {
  const lines = (await readFile(PAGE, 'utf8')).split('\n')
  const head = lines.findIndex((each) => cellsOf(each) === cellsOf(HEAD))
  if (head < 0) throw new Error('docs/reliability.md has no table of runs')
  const end = lines.findIndex((each, index) => index > head && !each.startsWith('|'))
  lines.splice(end, 0, line)
  await writeFile(PAGE, lines.join('\n'))
}

/** A table's head, however its columns are padded. */
function cellsOf(line: string): string {
  return line.replace(/\s+/g, ' ').trim()
}

function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
  // A figure of an uncommitted tree says so.
  return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '-uno') === '' ? '' : '+'}`
}
