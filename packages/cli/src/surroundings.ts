import type { Surroundings } from '@esa/operations/views'
import { describeUrl, isPooler } from '@esa/pg-server'
import { logGuard } from '@esa/store'
import type { Config } from './config.ts'
import { residenceOf } from './residence.ts'

/** What this process knows of its runtime beside the store: where it is, who guards its log, what its queues are on. */
export async function surroundingsOf(config: Config, databaseUrl: string): Promise<Surroundings> {
  const [residence, guard] = await Promise.all([residenceOf(config, databaseUrl), logGuard(databaseUrl)])
  return {
    database: describeUrl(databaseUrl),
    queues: config.redisUrl === null ? 'postgresql' : 'redis',
    listens: !isPooler(databaseUrl),
    residence,
    guard,
  }
}
