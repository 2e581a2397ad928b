import { afterEach, beforeEach } from 'vitest'
import { accountContract } from './store-contract-accounts.ts'
import { actorContract } from './store-contract-actors.ts'
import { bellContract } from './store-contract-bells.ts'
import { edgeContract } from './store-contract-edge.ts'
import { feedContract } from './store-contract-feed.ts'
import { figureContract } from './store-contract-figures.ts'
import { notificationContract } from './store-contract-notifications.ts'
import { recordContract } from './store-contract-records.ts'
import type { StoreHarness } from './store-contract-rows.ts'
import { traceContract } from './store-contract-traces.ts'
import { transactionContract } from './store-contract-transactions.ts'

/**
 * What every store promises: a promise of the port is written down here first, and every adapter runs it. `create`
 * gives an empty store for each case. Call it inside a `describe`.
 */
export function storeContract(create: () => Promise<StoreHarness>): void {
  let harness: StoreHarness
  beforeEach(async () => {
    harness = await create()
  })
  afterEach(() => harness.close())

  actorContract(() => harness)
  traceContract(() => harness)
  transactionContract(() => harness)
  bellContract(() => harness)
  recordContract(() => harness)
  figureContract(() => harness)
  feedContract(() => harness)
  edgeContract(() => harness)
  accountContract(() => harness)
  notificationContract(() => harness)
}
