import { EsaError } from '@esa/protocol'
import type { Config } from '../config.ts'
import { answer } from '../output.ts'
import { faultOfKey } from '../seals/check-seals.ts'
import { publicKeyOf } from '../seals/seal.ts'
import { sealPaths, SealFile } from '../seals/seal-file.ts'
import { sealedPlaceOf } from '../seals/sealed-place.ts'
import { Sealer } from '../seals/sealer.ts'
import { inStore } from '../store-access.ts'

/** Shows the seals of this home: how many, until when, by which key. Without the database. */
export async function showSeals(config: Config): Promise<void> {
  const file = new SealFile(config.home)
  const book = await file.read()
  const pem = await file.privateKey().catch(() => null)
  const wrongKey = faultOfKey(book, pem === null ? null : publicKeyOf(pem))
  const document = {
    file: sealPaths(config.home).seals,
    bytes: await file.bytes(),
    first: book.first,
    last: book.last?.n ?? null,
    lastAt: book.last?.at ?? null,
    key: book.key,
    posted: config.sealUrl !== null,
    broken: [
      ...book.faults.map(({ seq, why }) => ({ seq, why })),
      ...(book.last !== null && wrongKey !== null ? [{ seq: book.last.n, why: wrongKey }] : []),
    ],
  }
  answer(config, document, () =>
    document.last === null
      ? 'no seals yet: a worker of this home makes them, one a minute'
      : [
          `seals ${document.first} to ${document.last}, the last at ${document.lastAt}, ${document.bytes} bytes in ${document.file}`,
          `key ${document.key}`,
          ...document.broken.map(({ seq, why }) => `broken at seal ${seq}: ${why}`),
        ].join('\n'),
  )
}

/** Signs the next seals with a new key, which the last seal of the old one names. @throws EsaError `seal.none`, `seal.key` (terminal). */
export async function rotateSealKey(config: Config): Promise<void> {
  await inStore(config, async (_, databaseUrl) => {
    const at = await sealedPlaceOf(config, databaseUrl)
    if ((await at.file.read()).last === null) {
      throw new EsaError('seal.none', 'terminal', 'this home has no seals yet, and no key', {
        hint: 'a worker of this home makes them: esa up',
      })
    }
    const key = await new Sealer(at).rotate()
    answer(config, { key }, () => `the next seals are signed by ${key}; the last one of the old key says so`)
  })
}
