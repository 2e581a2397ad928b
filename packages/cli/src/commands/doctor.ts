import { isEsaError } from '@esa/protocol'
import { colours } from '../colours.ts'
import type { Config } from '../config.ts'
import { type Check, failed } from '../doctor/check.ts'
import { databaseChecks } from '../doctor/database-checks.ts'
import { machineChecks } from '../doctor/machine-checks.ts'
import { redisChecks } from '../doctor/redis-checks.ts'
import { serverChecks } from '../doctor/server-checks.ts'
import { EXIT } from '../exit-codes.ts'
import { answer, columns } from '../output.ts'
import { cliConfig } from '../runtime-door.ts'

const SIGN: Record<Check['status'], string> = {
  ok: colours.green('ok'),
  warning: colours.yellow('warning'),
  error: colours.red('error'),
  skipped: colours.dim('skipped'),
}

/** Looks for faults of the environment and says how to mend them; it starts and changes nothing. Exit 1 on an error. */
export async function doctor(
  readConfig: () => Config,
  environment: NodeJS.ProcessEnv,
  json: boolean,
): Promise<void> {
  const checks = await examine(readConfig, environment)
  if (checks.some(({ status }) => status === 'error')) process.exitCode = EXIT.findings
  answer({ json }, { checks }, () => text(checks))
}

async function examine(readConfig: () => Config, environment: NodeJS.ProcessEnv): Promise<Check[]> {
  let config: Config
  try {
    config = readConfig()
  } catch (error) {
    // Without a configuration there is nothing to look at.
    if (isEsaError(error, 'config.invalid')) return [failed('configuration', error)]
    throw error
  }
  const groups = await Promise.all([
    machineChecks(config),
    databaseChecks(config),
    redisChecks(config.redisUrl),
    serverChecks(config),
    ...config.project.plugins.map(
      async ({ checks }) => (await checks?.(cliConfig(config), environment)) ?? [],
    ),
  ])
  return [{ name: 'configuration', status: 'ok', message: 'every variable can be read' }, ...groups.flat()]
}

function text(checks: Check[]): string {
  const rows = checks.flatMap(({ name, status, message, fix }) => [
    [SIGN[status], name, message],
    ...(fix === undefined ? [] : [['', '', colours.dim(`→ ${fix}`)]]),
  ])
  const errors = checks.filter(({ status }) => status === 'error').length
  const warnings = checks.filter(({ status }) => status === 'warning').length
  return `${columns(rows)}\n${errors} errors, ${warnings} warnings`
}
