import { describe, expect, it } from 'vitest'
import { parseScript } from '@esa/database-catalog/sql'
import { madeRoles, namedRoles } from './named-roles.ts'

describe('roles that a script names', () => {
  it.each([
    ['grant select on t to ada, "Bob"', ['ada', 'Bob']],
    ['alter table t owner to ada', ['ada']],
    ['create policy p on t to ada using (true)', ['ada']],
    ['alter default privileges for role ada grant select on tables to public', ['ada']],
    ['create role ada; grant select on t to ada, pg_monitor, current_user', ['ada']],
    [`select 'grant select on t to ada'`, []],
  ])('%s', async (sql, roles) => expect(namedRoles(await parseScript(sql))).toEqual(roles))
})

it('roles that a script makes differ from those it only names', async () => {
  expect(madeRoles(await parseScript('create user ada; grant select on t to bob'))).toEqual(['ada'])
})
