import type { Finding, Queryable } from '@esa/database-catalog/sql'
import { type Check, review, type ReviewOptions, unreadable } from '../schema/look.ts'
import { checkEnforcement, checkForeignKeys } from './foreign-keys.ts'
import { checkIndexPages } from './index-pages.ts'
import { checkIntendedKeys } from './intended-keys.ts'
import { checkOrphans } from './orphans.ts'
import { checkSequences } from './sequences.ts'

const CHECKS: readonly Check[] = [
  unreadable,
  checkForeignKeys,
  checkEnforcement,
  checkOrphans,
  checkSequences,
  checkIntendedKeys,
  checkIndexPages,
]

/**
 * What of a database's data contradicts what it means: counted by queries on the rows, sampled where a table is large,
 * which the evidence then says. Reading only. @throws EsaError `database.*`.
 */
export async function checkIntegrity(queryable: Queryable, options: ReviewOptions = {}): Promise<Finding[]> {
  return review(queryable, CHECKS, options)
}
