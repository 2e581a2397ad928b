import {
  hasOtherPostgres,
  hasPgBouncer,
  openWebSocketProxy,
  startOtherPostgres,
  startPgBouncer,
} from '@esa/pg-server/testing'
import { describe } from 'vitest'
import { NEXT_MIGRATIONS } from '../testing/next-migrations.ts'
import { type Deployment, embedded, storeOn } from '../testing/store-on.ts'

const DEPLOYMENTS: Deployment[] = [
  { name: 'the embedded PostgreSQL', server: embedded, hears: true },
  {
    name: 'a schema that the next version has migrated',
    server: embedded,
    hears: true,
    later: NEXT_MIGRATIONS,
  },
  {
    name: 'Neon’s driver through a WebSocket proxy',
    server: embedded,
    front: openWebSocketProxy,
    hears: true,
  },
  ...(hasPgBouncer()
    ? [
        {
          name: 'PgBouncer in transaction mode',
          server: embedded,
          front: startPgBouncer,
          hears: false,
        },
      ]
    : []),
  ...(hasOtherPostgres()
    ? [{ name: 'another PostgreSQL by URL', server: startOtherPostgres, hears: true }]
    : []),
]

describe.each(DEPLOYMENTS)('the store on $name', (deployment) => {
  storeOn(deployment)
})
