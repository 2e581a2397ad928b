import { DBOS } from '@dbos-inc/dbos-sdk'
import { createDatabase } from '@esa/pg-server'
import type { ExchangeDriver } from './exchange-drivers.ts'

/** Connections of its pool: as many as a worker of ours has. */
const CONNECTIONS = 10

/** The same exchange on DBOS: a workflow of two steps, the request taken and the answer taken, each kept durably. */
export async function dbosExchanges(serverUrl: string, name: string): Promise<ExchangeDriver> {
  const systemDatabaseUrl = await createDatabase(serverUrl, name)
  DBOS.setConfig({
    name: 'exchange',
    systemDatabaseUrl,
    systemDatabasePoolSize: CONNECTIONS,
    logLevel: 'error',
  })
  const exchange = DBOS.registerWorkflow(
    async (n: number) => {
      const request = await DBOS.runStep(async () => ({ got: 'request', n }), { name: 'request' })
      return DBOS.runStep(async () => ({ got: 'answer', to: request.got, n }), { name: 'answer' })
    },
    { name: `exchange-${name}` },
  )
  await DBOS.launch()
  let counted = 0
  return {
    exchange: async () => void (await exchange(counted++)),
    close: () => DBOS.shutdown(),
  }
}
