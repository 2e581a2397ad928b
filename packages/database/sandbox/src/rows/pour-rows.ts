import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom } from 'pg-copy-streams'
import type { Queryable } from '@esa/database-catalog/sql'
import type { RowBudget } from './row-budget.ts'
import type { SourceTable } from './row-plan.ts'

/** Where rows come from and go to: the source's snapshot, and a session of the rehearsal. */
export interface RowRoad {
  source: Queryable
  destination: Queryable
  budget: RowBudget
}

/** pg's clients also take a query that is a stream. */
interface StreamTaking {
  query(stream: NodeJS.WritableStream): NodeJS.WritableStream
}

/**
 * Sends batches of lines into a table by COPY, as fast as its server takes them. All or nothing: an error of either side leaves
 * the table as it was.
 */
export async function pourRows(
  destination: Queryable,
  { relation, columns }: SourceTable,
  batches: AsyncIterable<Buffer>,
): Promise<void> {
  const list = columns.map(({ name }) => name).join(', ')
  const taking = destination as unknown as StreamTaking
  const sink = taking.query(copyFrom(`copy ${relation}${list === '' ? '' : ` (${list})`} from stdin`))
  await pipeline(Readable.from(batches), sink)
}

/** Rows of one `line` each as COPY's text format. */
export function linesOf(rows: readonly Record<string, unknown>[]): Buffer {
  return Buffer.from(`${rows.map(({ line }) => line as string).join('\n')}\n`)
}
