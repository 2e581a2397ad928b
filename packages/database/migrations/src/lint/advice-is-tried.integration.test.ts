import { beforeAll, describe, expect, it } from 'vitest'
import { ownServer } from '@esa/database-catalog/testing'
import { groundAt } from '@esa/database-sandbox/testing'
import type { RehearsalGround } from '@esa/database-sandbox'
import type { Verdict } from './judge.ts'
import { lintScripts } from './lint-scripts.ts'
import { readScript } from './read-script.ts'

const SCHEMA = `
create table people (id bigint primary key, email text, age int not null default 3, code char(3), born text, "Odd Name" int);
alter table people add constraint email_there check (email is not null);
create table parents (id bigint primary key);
create schema other; create table other.people (id bigint);
`

const ALTER = 'alter table people'

/** Pairs that cannot be one statement, or would come to something else. */
const APART: [why: string, first: string, second: string][] = [
  ['reads the table', `${ALTER} alter column email set not null`, `${ALTER} drop constraint email_there`],
  ['fails', `${ALTER} add column score int not null default 1`, `${ALTER} alter column score drop default`],
  ['fails', `${ALTER} alter column age type bigint`, `${ALTER} alter column age type numeric`],
  ['fails', `${ALTER} add column gone int`, `${ALTER} drop column gone`],
  [
    'gives another default',
    `${ALTER} alter column age set default 4`,
    `${ALTER} alter column age drop default`,
  ],
  [
    'reads the old value',
    `${ALTER} alter column born type date using born::date`,
    `${ALTER} alter column age type int using extract(year from born)::int`,
  ],
  [
    'locks out reads while it checks',
    `${ALTER} add constraint parent foreign key (id) references parents (id)`,
    `${ALTER} add column note text`,
  ],
  ['is another table', `${ALTER} add column a int`, 'alter table other.people add column b int'],
  ['fails itself', `${ALTER} add column a int`, `${ALTER} add column email text`],
]

const TOGETHER: [sqls: string[], fix: RegExp][] = [
  [
    [`${ALTER} add column a int`, `${ALTER} add column b int default 2`],
    /add column a int, add column b int default 2;$/i,
  ],
  [
    [`${ALTER} alter column age type bigint`, `${ALTER} alter column "Odd Name" type bigint`],
    /"Odd Name" type bigint;$/i,
  ],
  [
    [`${ALTER} add column a int`, `${ALTER} alter column email set default 'x'`, `${ALTER} drop column code`],
    /add column a int, .*set default 'x', drop column code/i,
  ],
]

describe('advice to make several ALTER TABLEs one', () => {
  const server = ownServer()
  let ground: RehearsalGround
  beforeAll(() => {
    ground = groundAt(server.adminUrl)
  })
  const lint = async (...lines: string[]): Promise<Verdict[]> => {
    const script = await readScript('a.sql', Buffer.from(lines.map((line) => `${line};`).join('\n')))
    const options = { ground, schema: { sql: SCHEMA }, independent: false, sizes: new Map() }
    return (await lintScripts([script], options)).statements
  }
  const advice = (verdicts: Verdict[]): string[] =>
    verdicts.flatMap(({ findings }) =>
      findings.flatMap(({ rule, fix = '' }) => (rule === 'alter-tables-apart' ? [fix] : [])),
    )

  it.each(APART)('is not given where the one %s: %s; %s', async (_, first, second) => {
    expect(advice(await lint(first, second))).toEqual([])
    expect(advice(await lint('begin', first, second, 'commit'))).toEqual([])
  })

  it.each(TOGETHER)('is given where it was tried: %j', async (sqls, fix) => {
    const verdicts = await lint(...sqls)
    const fixes = advice(verdicts)
    expect(fixes).toHaveLength(sqls.length - 1)
    expect(fixes.at(-1)).toMatch(fix)
    // What is advised runs, in place of the statements before it.
    const [one] = await lint(fixes.at(-1)!.replace(/;$/, ''))
    expect(one!.findings.filter(({ rule }) => rule === 'execution-failed')).toEqual([])
    expect(advice(await lint('begin', ...sqls, 'commit'))).toEqual(fixes)
  })

  it('leaves no trace of what it tried', async () => {
    const verdicts = await lint(...TOGETHER[2]![0], `${ALTER} add column a text`)
    expect(verdicts.at(-1)!.findings.map(({ message }) => message)).toContain(
      'column "a" of relation "people" already exists',
    )
    expect(verdicts[0]).toMatchObject({
      method: 'executed',
      locks: [{ relation: 'public.people', mode: 'AccessExclusiveLock' }],
    })
  })

  it('begins again after a statement that cannot be joined', async () => {
    const verdicts = await lint(
      `${ALTER} alter column email set not null`,
      `${ALTER} drop constraint email_there`,
      `${ALTER} add column a int`,
    )
    expect(advice(verdicts)).toHaveLength(1)
    expect(advice(verdicts)[0]).toMatch(/drop constraint email_there.*, add column a int;$/i)
  })
})
