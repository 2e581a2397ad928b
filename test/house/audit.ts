import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A known flaw that a release may carry until a day: why it does not reach us, and when that is looked at again. */
export interface AuditException {
  /** GHSA-... */
  advisory: string
  /** The last day that it holds, YYYY-MM-DD. */
  until: string
  because: string
}

/** Flaws that are let through for now. An exception without a day would be kept forever. */
const EXCEPTIONS: readonly AuditException[] = []

/** What `pnpm audit --json` prints, as far as it is read. */
interface AuditReport {
  advisories: Record<
    string,
    { module_name: string; severity: string; title: string; url: string; github_advisory_id: string }
  >
}

/** Each known flaw that no exception lets through on this day (YYYY-MM-DD), and each exception that is no longer used. */
export function auditFaults(
  report: AuditReport,
  exceptions: readonly AuditException[],
  today: string,
): string[] {
  const found = Object.values(report.advisories)
  const excepted = new Set(exceptions.filter(({ until }) => until >= today).map(({ advisory }) => advisory))
  const flaws = found
    .filter(({ github_advisory_id: id }) => !excepted.has(id))
    .map(({ severity, module_name: name, title, url }) => `${severity}  ${name}: ${title}\n    ${url}`)
  const useless = exceptions
    .filter(({ advisory }) => !found.some(({ github_advisory_id: id }) => id === advisory))
    .map(({ advisory }) => `exception ${advisory}: nothing we use has this flaw; delete the exception`)
  return [...flaws, ...useless]
}

/** Exit codes of the script: as those of `esa`. */
const FOUND = 1
const UNREACHABLE = 7

function main(): number {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const ran = spawnSync('npx', ['-y', 'pnpm@12.21.0', 'audit', '--json'], { cwd: root, encoding: 'utf8' })
  let report: AuditReport
  try {
    report = JSON.parse(ran.stdout) as AuditReport
  } catch {
    process.stderr.write(`${ran.stderr.trim()}\n\nNo advisory source answered: nothing was checked.\n`)
    return UNREACHABLE
  }
  const faults = auditFaults(report, EXCEPTIONS, new Date().toISOString().slice(0, 10))
  process.stdout.write(faults.length === 0 ? 'no known flaws\n' : `${faults.join('\n')}\n`)
  return faults.length === 0 ? 0 : FOUND
}

if (import.meta.main) process.exitCode = main()
