import { type FileHandle, open } from 'node:fs/promises'
import { EsaError, formatDuration } from '@esa/protocol'
import { countRetirable, retire, type StreamHead } from '@esa/store'
import { withSealedLog } from '@esa/store/sealed-log'
import type { Config } from '../config.ts'
import { Progress } from '../progress.ts'
import { durationFlag } from '../flags.ts'
import { answer, note } from '../output.ts'
import { sealedPlaceOf } from '../seals/sealed-place.ts'
import { Sealer } from '../seals/sealer.ts'
import { inStore, resolveOwner } from '../store-access.ts'

/** A commit whose answer was lost is tried again under the same id, and must find its row: hours are far more than it takes. */
const YOUNGEST_MS = 3_600_000

/** Exports what ended long ago to a new file, and removes it from the database. */
export async function retain(config: Config, flags: { olderThan: string; output: string }): Promise<void> {
  const olderThanMs = durationFlag('--older-than', flags.olderThan)
  if (olderThanMs < YOUNGEST_MS) {
    const least = formatDuration(YOUNGEST_MS)
    throw new EsaError('usage.too-young', 'terminal', `what is younger than ${least} is not removed`, {
      hint: `--older-than ${least}, or more`,
    })
  }
  const ownerUrl = await resolveOwner(config)
  await inStore(config, async (store, databaseUrl) => {
    const sealRetired = await retiredSealer(config, databaseUrl)
    const before = (await store.runtime()).nowMs - olderThanMs
    const found = await countRetirable(ownerUrl, before)
    const file = await RetainedFile.create(flags.output)
    const bar = new Progress().bar('removed', found.messages + found.activities + found.streams)
    try {
      const removed = await retire(
        ownerUrl,
        before,
        async (lines, streams) => {
          await file.append(lines)
          // Before they go: a stream that is gone without this seal was removed by someone else.
          if (streams.length > 0) await sealRetired(streams)
        },
        (done) => bar.update(done),
      )
      answer(config, { file: flags.output, olderThanMs, ...removed }, () => {
        const { messages, activities, streams, events } = removed
        return `${messages} messages, ${activities} activities and ${streams} closed streams with ${events} events are in ${flags.output}, and no longer in the database`
      })
    } finally {
      bar.stop()
      await file.close()
    }
  })
}

/** What seals that streams are about to go, where this home seals; the operator of another sealing home must do the same. */
async function retiredSealer(
  config: Config,
  databaseUrl: string,
): Promise<(streams: readonly StreamHead[]) => Promise<void>> {
  const at = await sealedPlaceOf(config, databaseUrl)
  const others = (await withSealedLog(databaseUrl, (log) => log.homes())).filter((home) => home !== at.home)
  if (others.length > 0) {
    const names = others.join(', ')
    note(`warning: ${names} will report the removed streams, until someone says there: esa adopt`)
  }
  const isSealed = (await at.file.read()).last !== null
  const sealer = new Sealer(at)
  return async (streams) => {
    if (isSealed) await sealer.retire(streams)
  }
}

/** A file that holds whole batches only, each on the disk before its rows go. */
class RetainedFile {
  readonly #handle: FileHandle
  readonly #name: string
  #size = 0

  private constructor(handle: FileHandle, name: string) {
    this.#handle = handle
    this.#name = name
  }

  static async create(name: string): Promise<RetainedFile> {
    try {
      // Messages say what an organization does: no other user of this machine may read them.
      return new RetainedFile(await open(name, 'wx', 0o600), name)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
        throw new EsaError('file.exists', 'terminal', `${name} exists, and is not written over`, {
          cause,
          hint: 'name another file',
        })
      }
      throw unwritable(name, cause)
    }
  }

  async append(lines: string[]): Promise<void> {
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    try {
      await this.#handle.appendFile(bytes)
      await this.#handle.datasync()
    } catch (cause) {
      // Half a batch is of no use to anybody: its rows stay where they are.
      await this.#handle.truncate(this.#size).catch(() => {})
      throw unwritable(this.#name, cause)
    }
    this.#size += bytes.length
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

function unwritable(name: string, cause: unknown): EsaError {
  return new EsaError('file.unwritable', 'terminal', `cannot write ${name}`, {
    cause,
    hint: 'check that its folder exists, may be written and has space left',
  })
}
