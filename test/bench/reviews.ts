import { once } from 'node:events'
import { connectPool, createDatabase, ensureEmbeddedServer } from '@esa/pg-server'
import { EsaHome } from '../e2e/run-esa.ts'
import type { BenchServers } from './bench-servers.ts'
import type { Figure } from './figures.ts'
import { memoryMb } from './process-cpu.ts'

/** What `esa db normalize` and `esa db check` promise: docs/layer-1.md. */
const ROWS = 100_000
const TABLES = 1_000

const dice = (salt: number, of: string, sides: number): string =>
  `((hashint8(${of}::int8 * 100 + ${salt}) & 2147483647) % ${sides})`

/** 20 columns of order lines with their order, customer and product in the same row. */
const WIDE = `create table lines as select i as line, o as order_no, ${dice(1, 'o', 900)} as day, c as customer,
  'Customer ' || c as customer_name, 'c' || c || '@example.com' as customer_email, 'City ' || t as customer_city, 'Country ' || ${dice(2, 't', 30)} as customer_country,
  p as product, 'Product ' || p as product_name, 'Category ' || ${dice(3, 'p', 40)} as category, ${dice(4, 'p', 9000)} / 100.0 as price,
  'Supplier ' || s as supplier, 'Phone ' || ${dice(5, 's', 90000)} as supplier_phone, 1 + ${dice(6, 'i', 9)} as quantity, ${dice(7, 'i', 5)} as warehouse,
  ${dice(8, 'i', 30)} as rack, ${dice(9, 'i', 400)} as picker, ${dice(10, 'i', 3)} as priority, md5(i::text) as note
  from generate_series(1, ${ROWS}) i, lateral (select i / 3 as o) a, lateral (select ${dice(11, 'o', 5000)} as c, ${dice(12, 'i', 1000)} as p) b, lateral (select ${dice(13, 'c', 300)} as t, ${dice(14, 'p', 80)} as s) d`

/** 20 columns that have nothing to do with each other: nothing can be pruned, which is the longest search there is. */
const NOISE = `create table noise as select ${Array.from({ length: 20 }, (_, n) => `${dice(n, 'i', 2 + n * n * 3)} as c${n}`).join(', ')} from generate_series(1, ${ROWS}) i`

const MANY = `do $$ begin for i in 1..${TABLES} loop
  execute format('create table t%s (id serial primary key, t%s_id int, name text, status text, email text, amount numeric, created_at timestamptz, note varchar(255), flag bool, data jsonb)', i, greatest(i - 1, 1));
  execute format('insert into t%s (t%s_id, name, status, email, amount) select 1 + k %% 100, ''n'' || k, (array[''a'', ''b''])[1 + k %% 2], ''e'' || k, k from generate_series(1, 100) k', i, greatest(i - 1, 1));
  if i % 3 = 0 then execute format('alter table t%s add foreign key (t%s_id) references t%s (id)', i, i - 1, i - 1); end if;
  if i % 100 = 0 then commit; end if;
end loop; end $$`

/** How long, and in how much memory, dependencies are found in 100,000 rows of 20 columns, and a thousand tables checked. */
export async function benchReviews({ note }: Pick<BenchServers, 'note'>): Promise<Figure[]> {
  const home = await EsaHome.create()
  try {
    const { adminUrl } = await ensureEmbeddedServer({ home: home.home })
    const figures: Figure[] = []
    for (const [name, sql] of Object.entries({ wide: WIDE, noise: NOISE, many: MANY })) {
      note(`making ${name}`)
      const url = await createDatabase(adminUrl, name)
      const pool = await connectPool(url)
      await pool.query(sql)
      await pool.query('analyze')
      await pool.end()
      note(`looking at ${name}`)
      const command = name === 'many' ? 'check' : 'normalize'
      const { seconds, peakMb } = await watched(
        home,
        ['db', command, '--target', 'env:BENCH_TARGET', '--json'],
        url,
      )
      const what =
        name === 'many'
          ? `\`esa db check\`, ${TABLES} tables`
          : `\`esa db normalize\`, ${ROWS} rows x 20 columns, ${name}`
      figures.push(
        { what, value: seconds, unit: 's', aim: { op: '<=', value: 10 } },
        { what: `memory of it, at its highest`, value: peakMb, unit: 'MB', aim: { op: '<=', value: 512 } },
      )
    }
    return figures
  } finally {
    await home.remove()
  }
}

/** How often memory is looked at, ms; the kernel keeps the highest. */
const LOOK_MS = 20

async function watched(
  home: EsaHome,
  args: string[],
  url: string,
): Promise<{ seconds: number; peakMb: number }> {
  const began = performance.now()
  const child = home.start(args, { BENCH_TARGET: url })
  let peakMb = 0
  const look = setInterval(() => {
    try {
      // Of a process that has just ended the kernel tells nothing.
      peakMb = Math.max(peakMb, memoryMb(child.pid!, 'VmHWM') || 0)
    } catch {
      clearInterval(look)
    }
  }, LOOK_MS)
  child.stdout!.resume()
  child.stderr!.resume()
  const [code] = (await once(child, 'close')) as [number | null]
  clearInterval(look)
  // 1: errors were found, which is an answer.
  if (code !== 0 && code !== 1) throw new Error(`esa ${args.join(' ')} ended with ${code}`)
  return { seconds: Math.round((performance.now() - began) / 10) / 100, peakMb }
}
