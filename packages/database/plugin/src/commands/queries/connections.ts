import { isPooler } from '@esa/pg-server'
import { advisePool, measureConnections } from '@esa/database-advice/measure'
import { EsaError } from '@esa/protocol'
import type { Config } from '../../config.ts'
import { onTarget } from '../../targets/on-target.ts'
import { answer } from '@esa/cli/plugin-kit'
import { resolveTarget } from '../../targets/targets.ts'

/** Options of `esa db connections`. */
export interface ConnectionsFlags {
  target: string
  processes: string
}

/**
 * What a server takes, what its clients do with it, and the pool that follows. Reads only, needs no runtime.
 * @throws EsaError `usage.processes`, `target.unknown` (terminal), `database.*`.
 */
export async function adviseConnections(
  config: Config,
  environment: NodeJS.ProcessEnv,
  { target, processes: text }: ConnectionsFlags,
): Promise<void> {
  const processes = Number(text)
  if (!Number.isInteger(processes) || processes < 1) {
    throw new EsaError('usage.processes', 'terminal', `--processes ${text} is not a number of processes`, {
      hint: 'how many processes have a pool each: --processes 4',
    })
  }
  const { url } = await resolveTarget(config, target, environment)
  await onTarget(config, environment, target, async ({ queryable }) => {
    const numbers = await measureConnections(queryable, { pooled: isPooler(url) })
    const advice = advisePool(numbers, processes)
    answer(config, { numbers, advice }, () =>
      [
        advice.poolSize === null
          ? 'no pool size: nothing could be measured that tells it'
          : `a pool of ${advice.poolSize} in each of ${processes} processes`,
        `statement_timeout ${advice.statementTimeoutMs} ms, idle_in_transaction_session_timeout ${advice.idleInTransactionTimeoutMs} ms`,
        ...advice.because.map((line) => `  ${line}`),
      ].join('\n'),
    )
  })
}
