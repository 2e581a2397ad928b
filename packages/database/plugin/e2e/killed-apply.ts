import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { connectPool, createDatabase, dropDatabase, withDatabase } from '@esa/pg-server'
import { type MigrationPlan, sealPlan } from '@esa/database-migrations/plan'

const ESA = join(import.meta.dirname, '../../../../bin/esa')
const PRELOAD = join(import.meta.dirname, 'kill-at-query.ts')

/** When the process dies, as its statement is concerned. */
export const MOMENTS = ['before', 'sent', 'after'] as const

/** A step that is done twice shows in the counter, one that is left out in the shape. */
const BEFORE = `create table shop_counter (n int not null);
  create table orders (id int primary key, note text, old int); create index orders_old_idx on orders (old);
  insert into orders select g, 'note ' || g, g from generate_series(1, 3000) g`

const SCRIPT = `set search_path = public;
insert into orders values (0, 'the first', 0);
insert into shop_counter values (1);
alter table orders add column fresh int;
create index concurrently orders_note_idx on orders (note);
begin; insert into shop_counter values (10); alter table orders add constraint fine check (id >= 0) not valid; commit;
drop index concurrently orders_old_idx;
alter table orders validate constraint fine;
do $$ begin insert into shop_counter values (100); end $$;
`

/** Expand, fill in small batches, compare, switch: all that a plan has but the loss of what was. */
const PLAN: MigrationPlan = sealPlan({
  changes: [],
  unplanned: [],
  notes: [],
  phases: [
    {
      name: 'expand',
      promise: '',
      destructive: false,
      steps: [
        statement('expand-1', 'alter table public.orders add column fresh int'),
        {
          ...statement('expand-2', 'create index concurrently orders_fresh_idx on public.orders (fresh)'),
          transaction: false,
        },
      ],
    },
    {
      name: 'backfill',
      promise: '',
      destructive: false,
      steps: [
        {
          kind: 'backfill',
          id: 'backfill-1',
          about: 'fill fresh from old',
          locks: [],
          relation: 'public.orders',
          key: [{ column: 'id', type: 'integer' }],
          sql: 'update public.orders t set fresh = t.old where t.fresh is distinct from t.old and $RANGE',
          fills: ['public.orders.fresh'],
          batchRows: 700,
        },
      ],
    },
    {
      name: 'validate',
      promise: '',
      destructive: false,
      steps: [
        {
          kind: 'verify',
          id: 'verify-1',
          about: 'old and fresh agree',
          locks: [],
          relation: 'public.orders',
          columns: ['fresh'],
          sql: 'select count(*) as mismatches from public.orders where old is distinct from fresh',
        },
        statement('validate-1', 'insert into public.shop_counter values (1)'),
      ],
    },
  ],
})

function statement(id: string, sql: string) {
  return {
    kind: 'statement' as const,
    id,
    about: sql,
    locks: [],
    sql,
    rollback: null,
    transaction: true,
    destructive: false,
  }
}

/** What can be applied and killed: a file and a plan, each with the record in the target and beside it. */
export const CASES = [
  { name: 'a file, recorded in the target', file: '0001.sql', beside: false },
  { name: 'a file, recorded beside it', file: '0001.sql', beside: true },
  { name: 'a plan, recorded in the target', file: 'plan.json', beside: false },
  { name: 'a plan, recorded beside it', file: 'plan.json', beside: true },
]

/** All that a target is after an apply: its rows, its shape, and which steps are done. */
const STATE = `select (select md5(string_agg(o::text, '|' order by id)) from orders o) as orders, (select sum(n) from shop_counter) as counter,
  (select string_agg(indexrelid::regclass || ' ' || indisvalid, ', ' order by indexrelid::regclass::text) from pg_index i
    where indrelid = 'orders'::regclass) as indexes,
  (select string_agg(conname || ' ' || convalidated, ', ' order by conname) from pg_constraint where conrelid = 'orders'::regclass) as constraints`

/** Where one apply happens, and the home of its caller. */
interface World {
  url: string
  home: string
}

/** A world in which one apply after the other is killed. */
export class KilledApply {
  readonly #admin: string
  readonly #folder: string
  readonly #case: (typeof CASES)[number]
  #round = 0

  constructor(admin: string, folder: string, chosen: (typeof CASES)[number]) {
    this.#admin = admin
    this.#folder = folder
    this.#case = chosen
  }

  /** Statements that an undisturbed apply sends, and the state that it ends in. */
  async undisturbed(): Promise<{ statements: number; state: unknown }> {
    const counted = join(this.#folder, 'statements')
    const state = await this.#inWorld(async (world) => {
      await this.#apply(world, { KILL_AT: '0', KILL_COUNT: counted })
    })
    return { statements: Number(await readFile(counted, 'utf8')), state }
  }

  /** The state after an apply that was killed at a statement and then run again. */
  async killedAt(at: number, moment: (typeof MOMENTS)[number]): Promise<unknown> {
    return await this.#inWorld(async (world) => {
      const killed = await this.#apply(world, { KILL_AT: String(at), KILL_MOMENT: moment })
      // Quick batches are larger, and the walk is over with fewer statements.
      if (killed === '') return
      if (killed !== 'SIGKILL') throw new Error(`the apply was not killed at statement ${at}: ${killed}`)
      const again = await this.#apply(world, {})
      if (again !== '') throw new Error(`the second apply failed, killed ${moment} statement ${at}: ${again}`)
    })
  }

  async #inWorld(work: (world: World) => Promise<void>): Promise<unknown> {
    const round = ++this.#round
    const name = `${basename(this.#folder)}_${round}`
    await createDatabase(this.#admin, name)
    const url = withDatabase(this.#admin, name)
    const home = join(this.#folder, `home-${round}`)
    await mkdir(home)
    const pool = await connectPool(url, { max: 1 })
    try {
      await pool.query(BEFORE)
      await work({ url, home })
      return (await pool.query(STATE)).rows[0]
    } finally {
      await pool.end()
      await dropDatabase(this.#admin, name)
    }
  }

  /** Empty when it went through, else its signal or what it said. */
  async #apply({ url, home }: World, env: Record<string, string>): Promise<string> {
    const path = join(home, this.#case.file)
    await writeFile(path, this.#case.file.endsWith('.sql') ? SCRIPT : JSON.stringify(PLAN))
    const ledger = join(home, 'ledger.json')
    const args = ['--home', home, 'db', 'migrate', 'apply', path, '--target', 'env:KILLED_URL']
    const beside = this.#case.beside ? ['--ledger', ledger] : []
    const options = Object.keys(env).length === 0 ? '' : `--import ${PRELOAD}`
    return await new Promise((resolve) => {
      const all = { ...process.env, ...env, KILLED_URL: url, NODE_OPTIONS: options }
      execFile(ESA, [...args, ...beside], { env: all }, (error, _, stderr) => {
        resolve(error === null ? '' : (error.signal ?? stderr))
      })
    })
  }

  /** Removes what it has written. */
  async end(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }
}
