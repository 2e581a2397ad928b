import { createIndexSql } from '@esa/database-advice/measure'
import { EsaError, statementHash } from '@esa/protocol'
import { describe, expect, it } from 'vitest'
import { buildIndexActivity } from './build-index.activity.ts'

const NAMES = { schema: 'shop', relation: 'orders', columns: ['customer_id'], name: 'i' }
const DDL = createIndexSql(NAMES)
const ORDER = { target: 'shop', proposedIndex: { ...NAMES, ddl: DDL }, hash: statementHash(DDL) }
const CONTEXT = { actorId: 'layer-1', key: 'k', attempt: 1, signal: new AbortController().signal }

describe('building an index', () => {
  it('is heavy work, which quiet hours refuse before anything is done', async () => {
    const asked: unknown[] = []
    const { run } = buildIndexActivity(async (...how) => {
      asked.push(how)
      throw new EsaError('target.quiet', 'transient', 'quiet until 06:00')
    })
    await expect(run(ORDER, CONTEXT)).rejects.toMatchObject({ code: 'target.quiet' })
    expect(asked).toEqual([['shop', 'index is built']])
  })

  it('builds what the approved hash is of, and nothing else', async () => {
    const { run } = buildIndexActivity(() => Promise.reject(new Error('not reached')))
    const other = { ...ORDER, proposedIndex: { ...ORDER.proposedIndex, columns: ['state'] } }
    await expect(run(other, CONTEXT)).rejects.toMatchObject({ code: 'approval.other-statement' })
  })
})
