import { describe } from 'vitest'
import { embedded, storeOn } from '../testing/store-on.ts'

// As the runtime connects: another role owns the tables and migrates. The other deployments are in postgres-store.integration.test.ts.
describe('the store on the embedded PostgreSQL, as a role that owns nothing', () => {
  storeOn({ name: 'embedded', server: embedded, hears: true, split: true })
})
