import { hasOtherPostgres } from '@esa/pg-server/test-servers'
import { describe } from 'vitest'
import { tamperings } from './tampering.fixture.ts'

describe.runIf(hasOtherPostgres())('on PostgreSQL 15', () => {
  tamperings('other')
})
