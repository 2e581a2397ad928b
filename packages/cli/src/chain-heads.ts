import { EsaError } from '@esa/protocol'
import * as z from 'zod'

const headsSchema = z.object({
  runtimeId: z.string(),
  takenAt: z.string(),
  heads: z.record(z.string(), z.object({ seq: z.number().int().nonnegative(), hash: z.string() })),
})

/** The last hash of every stream at an instant, kept outside the database. */
export type ChainHeads = z.infer<typeof headsSchema>

/**
 * Reads kept heads. @throws EsaError `usage.heads` (terminal) when the text is none, or of another world than
 * `runtimeId`: against those every stream would look gone.
 */
export function parseHeads(text: string, file: string, runtimeId: string): ChainHeads {
  const parsed = headsSchema.safeParse(safeJson(text))
  if (!parsed.success) {
    throw new EsaError('usage.heads', 'terminal', `${file} holds no chain heads`, {
      hint: 'take them with: esa replay heads -o FILE',
    })
  }
  if (parsed.data.runtimeId === runtimeId) return parsed.data
  throw new EsaError('usage.heads', 'terminal', `${file} was taken from another runtime than this database`, {
    details: { taken: parsed.data.runtimeId, here: runtimeId },
    hint: 'check --home and DATABASE_URL',
  })
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
