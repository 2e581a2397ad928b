import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connectPool } from '../src/connect-pool.ts'
import { ensureSandbox, stopSandbox } from '../src/sandbox-server.ts'

/** What the sandbox of an account is, as its admin sees it from inside: more than anything that is tried there could. */
export interface SandboxLook {
  confinement: string
  uid: string
  memory: string
  secret: string
  interfaces: string
  adopted: boolean
  stopped: boolean
}

/** Called as `node sandbox-look.ts HOME`, as the account that is looked at. */
async function look(home: string): Promise<SandboxLook> {
  const secret = join(home, 'secret')
  await writeFile(secret, 'the password', { mode: 0o600 })
  const { adminUrl, confinement } = await ensureSandbox({ home })
  const pool = await connectPool(adminUrl, { max: 1 })
  const ask = async (sql: string): Promise<string> => {
    try {
      const { rows } = await pool.query<Record<string, unknown>>(sql)
      return rows.map((row) => String(Object.values(row)[0])).join('\n')
    } catch (error) {
      return (error as Error).message
    }
  }
  const began = await ask('select pg_postmaster_start_time()')
  const seen = {
    confinement,
    uid: await ask(`select regexp_substr(pg_read_file('/proc/self/status'), '(?n)^Uid:\\s+\\d+')`),
    memory: await ask(`select regexp_substr(pg_read_file('/proc/self/limits'), 'Max address space +\\d+')`),
    secret: await ask(`select pg_read_file('${secret}')`),
    interfaces: await ask(
      `select trim((regexp_matches(pg_read_file('/proc/net/dev'), '(?n)^ *([^:|]+):', 'g'))[1])`,
    ),
  }
  await ensureSandbox({ home })
  const adopted = (await ask('select pg_postmaster_start_time()')) === began
  await pool.end()
  const stopped = await stopSandbox({ home, remove: true })
  return { ...seen, adopted, stopped }
}

const [home = ''] = process.argv.slice(2)
process.stdout.write(JSON.stringify(await look(home)))
