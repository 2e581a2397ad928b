import { connectPool, createDatabase } from '@esa/pg-server'
import type { Pool } from 'pg'
import { systemClock } from '@esa/database-catalog/sql'
import type { OwnServer } from '@esa/database-catalog/testing'
import {
  type Applied,
  type ApplyEvent,
  applyMigration,
  type ApplyPorts,
} from '../src/apply/apply-migration.ts'
import { scriptMigration } from '../src/plan/steps/migration.ts'
import { targetLedger } from '../src/apply/ledger/target-ledger.ts'

/** A database of 500 orders to which migrations are applied in ada's name. */
export class Shop {
  /** What was reported while applying. */
  readonly events: ApplyEvent[] = []
  readonly name: string
  readonly url: string
  readonly pool: Pool

  private constructor(name: string, url: string, pool: Pool) {
    this.name = name
    this.url = url
    this.pool = pool
  }

  static #opened = 0

  /** A new one; its opener ends its pool. */
  static async open(server: OwnServer): Promise<Shop> {
    Shop.#opened += 1
    const name = `shop_${Shop.#opened}`
    const url = await createDatabase(server.adminUrl, name)
    const pool = await connectPool(url, { max: 4, applicationName: 'shop' })
    await pool.query(`create table orders (id int primary key, note text);
      insert into orders select g, 'note ' || g from generate_series(1, 500) g`)
    return new Shop(name, url, pool)
  }

  ports(more: Partial<ApplyPorts> = {}): ApplyPorts {
    return {
      target: this.pool,
      ledger: targetLedger,
      by: 'ada',
      authorise: async () => {},
      requireApprovals: async () => {},
      clock: systemClock,
      random: () => 0.5,
      onEvent: (event) => this.events.push(event),
      ...more,
    }
  }

  async apply(sql: string, more: Partial<ApplyPorts> = {}, down: string | null = null): Promise<Applied> {
    return await applyMigration(await scriptMigration('0001.sql', sql, down), this.ports(more))
  }

  /** The first value of the first row. */
  async one(sql: string): Promise<unknown> {
    const { rows } = await this.pool.query<Record<string, unknown>>(sql)
    return Object.values(rows[0] ?? {})[0]
  }
}
