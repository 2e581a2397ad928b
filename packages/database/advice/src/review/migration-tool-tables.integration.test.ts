import { beforeAll, describe, expect, it } from 'vitest'
import type { Pool } from 'pg'
import { isToolTable } from '@esa/database-catalog'
import { ownServer } from '@esa/database-catalog/testing'
import { checkIntegrity } from './integrity/check-integrity.ts'
import { normalizeDatabase } from '../measure/normalize/normalize-database.ts'
import { reviewIndexes } from './indexes/review-indexes.ts'
import { reviewSchema } from './schema/review-schema.ts'

const TOOLS = `
create schema drizzle; create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint);
create table _prisma_migrations (id varchar(36) primary key, checksum varchar(64), migration_name varchar(255), logs text);
create table flyway_schema_history (installed_rank int, version varchar(50), description varchar(200), success boolean);
create index flyway_schema_history_s_idx on flyway_schema_history (success); create index flyway_again on flyway_schema_history (success);
create table databasechangelog (id varchar(255), author varchar(255), orderexecuted int);
create table alembic_version (version_num varchar(32)); create table knex_migrations (id serial primary key, name varchar(255), batch int);
create table django_migrations (id bigint generated always as identity primary key, app varchar(255), name varchar(255), applied timestamptz);
create table schema_migrations (version varchar); create table ar_internal_metadata (key varchar primary key, value varchar);
create table "SequelizeMeta" (name varchar(255));
insert into alembic_version select 'same' from generate_series(1, 40);
insert into databasechangelog select i, 'a' || i % 3, i from generate_series(1, 60) i, generate_series(1, 2);
insert into knex_migrations (name, batch) select 'm' || i, i / 9 from generate_series(1, 60) i;
create table own (id int, name char(9)); insert into own select i, 'n' from generate_series(1, 40) i;
`

describe('tables of migration tools', () => {
  const server = ownServer()
  let pool: Pool
  beforeAll(async () => {
    pool = await server.database('tools', TOOLS)
  })

  it('are left alone by every look, and no other table is', async () => {
    const findings = [
      ...(await reviewSchema(pool)),
      ...(await checkIntegrity(pool)),
      ...(await normalizeDatabase(pool)).findings,
      ...(await reviewIndexes(pool, 0)).findings.map((one) => ({ ...one, relation: JSON.stringify(one) })),
    ]
    const named = findings.filter(({ relation = '' }) =>
      /drizzle|prisma|flyway|changelog|alembic|knex|django|schema_migrations|ar_internal|Sequelize/.test(
        relation,
      ),
    )
    expect(named).toEqual([])
    expect(findings.some(({ relation }) => relation === 'public.own')).toBe(true)
  })

  it.each(['__drizzle_migrations', 'SequelizeMeta', 'DATABASECHANGELOG'])('are known by name: %s', (name) => {
    expect([isToolTable(name), isToolTable(`${name}_of_mine`)]).toEqual([true, false])
  })
})
