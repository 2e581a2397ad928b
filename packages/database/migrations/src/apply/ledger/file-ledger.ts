import { open, readFile, rename } from 'node:fs/promises'
import { EsaError } from '@esa/protocol'
import type { Ledger, MigrationRecord } from './ledger.ts'

/** A ledger in a file beside the target, for a role that may make nothing there; `now` gives epoch milliseconds. */
export function fileLedger(file: string, now: () => number): Ledger {
  const change = async (id: string, edit: (record: MigrationRecord) => MigrationRecord): Promise<void> => {
    const records = await read(file)
    await write(
      file,
      records.map((record) => (record.id === id ? edit(record) : record)),
    )
  }
  return {
    inTransaction: false,
    async open() {
      await write(file, await read(file))
    },
    list: () => read(file),
    async begin(_, { id, hash, down }, by) {
      const records = await read(file)
      const known = records.find((record) => record.id === id)
      if (known !== undefined && known.state !== 'undone')
        return change(id, (record) => ({ ...record, hash, by, down, state: 'started', endedAt: null }))
      const fresh = {
        id,
        hash,
        by,
        state: 'started' as const,
        startedAt: now(),
        endedAt: null,
        verification: null,
        down,
      }
      // What was undone is applied from its first step on.
      await write(file, [...records.filter((record) => record !== known), { ...fresh, steps: [] }])
    },
    async mark(_, { id }, { id: step, hash }, { state, cursor, rollback }) {
      const made = { step, hash, state, cursor, rollback }
      await change(id, (record) => {
        const known = record.steps.some((one) => one.step === step)
        const steps = known
          ? record.steps.map((one) => (one.step === step ? made : one))
          : [...record.steps, made]
        return { ...record, steps }
      })
    },
    async end(_, id, state, verification) {
      await change(id, (record) => ({ ...record, state, verification, endedAt: now() }))
    },
  }
}

async function read(file: string): Promise<MigrationRecord[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new EsaError('file.unreadable', 'terminal', `cannot read the ledger ${file}`, { cause })
  }
  try {
    return JSON.parse(text) as MigrationRecord[]
  } catch (cause) {
    throw new EsaError('migration.ledger-damaged', 'terminal', `${file} is not a ledger`, {
      cause,
      hint: 'give the file that an earlier apply wrote, or a new name',
    })
  }
}

/** On the disk before it is said: a record that a crash could take back would be no record. */
async function write(file: string, records: MigrationRecord[]): Promise<void> {
  const fresh = `${file}.new`
  try {
    const handle = await open(fresh, 'w', 0o600)
    try {
      await handle.writeFile(`${JSON.stringify(records, null, 2)}\n`)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(fresh, file)
  } catch (cause) {
    throw new EsaError('file.unwritable', 'terminal', `cannot write the ledger ${file}`, { cause })
  }
}
