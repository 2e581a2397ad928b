import type { Finding, Queryable } from '@esa/database-catalog/sql'
import { type Check, review, type ReviewOptions, unreadable } from './look.ts'
import { checkNames } from './naming-checks.ts'
import { checkConsistentTypes, checkCopies, checkStructure } from './structure-checks.ts'
import { checkTypes } from './type-checks.ts'
import { checkMissingNotNull, checkValues } from './value-checks.ts'

const CHECKS: readonly Check[] = [
  unreadable,
  checkTypes,
  checkStructure,
  checkValues,
  checkMissingNotNull,
  checkCopies,
  checkConsistentTypes,
  checkNames,
]

/**
 * What the catalog and the statistics of columns give away about a schema: types, keys, names, structures that stand for
 * others. Reads no rows of a table that was analysed. @throws EsaError `database.*`.
 */
export async function reviewSchema(queryable: Queryable, options: ReviewOptions = {}): Promise<Finding[]> {
  return review(queryable, CHECKS, options)
}
