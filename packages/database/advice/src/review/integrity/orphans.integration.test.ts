import { describe, expect, it } from 'vitest'
import type { Finding } from '@esa/database-catalog/sql'
import { ownServer } from '@esa/database-catalog/testing'
import { checkIntegrity } from './check-integrity.ts'

const server = ownServer()

const aboutKeys = (findings: Finding[]) => (constraint: string) =>
  findings.find(({ kind, evidence }) => kind === 'not-validated' && evidence['constraint'] === constraint)!

describe('a count of orphans', () => {
  it('that did not look at every row says so, and promises nothing', async () => {
    const pool = await server.database(
      'many',
      `create table parents (id int primary key); insert into parents select generate_series(1, 10);
      create table facts (id int primary key, parent_id int) with (autovacuum_enabled = off);
      insert into facts select i, 1 + i % 10 from generate_series(1, 250000) i;
      alter table facts add constraint facts_fk foreign key (parent_id) references parents not valid;
      create table few (id int primary key, parent_id int) with (autovacuum_enabled = off);
      insert into few values (1, 1), (2, null);
      alter table few add constraint few_fk foreign key (parent_id) references parents not valid`,
    )
    for (const sql of ['select 1', 'analyze facts']) {
      await pool.query(sql)
      const of = aboutKeys(await checkIntegrity(pool))
      expect(of('facts_fk').evidence['sampled']).toBe(true)
      expect(of('facts_fk').message).toContain('promises nothing about the others')
      expect(of('few_fk').evidence).toMatchObject({ sampled: false, looked: 1, orphans: 0 })
      expect(of('few_fk').message).toContain('will pass')
    }
  })

  it('does not take rows that row-level security hides for missing ones, nor what it sees for all', async () => {
    const pool = await server.database(
      'hidden',
      `create table parents (id int primary key); insert into parents select generate_series(1, 10);
      create table others (id int primary key); insert into others select generate_series(1, 10);
      alter table parents enable row level security;
      create table kids (id int, parent_id int, other_id int); insert into kids select i, i, i from generate_series(1, 10) i;
      alter table kids add constraint kids_fk foreign key (parent_id) references parents not valid;
      create table pets (id int, other_id int); insert into pets select i, i from generate_series(1, 10) i;
      alter table pets add constraint pets_fk foreign key (other_id) references others not valid;
      alter table pets enable row level security; create policy low on pets using (id < 5);
      create role half_blind; grant select on parents, others, kids, pets to half_blind`,
    )
    const session = await pool.connect()
    await session.query('set role half_blind')
    const findings = await checkIntegrity(session).finally(() => session.release(true))
    expect(findings.filter(({ kind }) => kind === 'orphans')).toEqual([])
    const of = aboutKeys(findings)
    expect(of('kids_fk')).toMatchObject({ kind: 'not-validated', evidence: { hidden: ['public.parents'] } })
    expect(of('pets_fk').message).toContain('in 4 rows that the role sees')
  })
})
