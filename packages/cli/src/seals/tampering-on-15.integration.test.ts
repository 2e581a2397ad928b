import { hasOtherPostgres } from '@esa/pg-server/testing'
import { describe } from 'vitest'
import { tamperings } from '../../testing/tampering.ts'

describe.runIf(hasOtherPostgres())('on PostgreSQL 15', () => {
  tamperings('other')
})
