import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash as digest,
  sign,
  verify,
} from 'node:crypto'
import * as z from 'zod'

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/)

/** A stream as it was sealed: its last event's number and hash, and the positions of all its events (`chainPositions`). */
const streamSchema = z.tuple([z.string(), z.number().int(), z.string(), z.string()])

/** A row as it was sealed: a digest of the columns that never change, and those that are set once, as far as they are. */
const rowSchema = z.tuple([z.string(), z.string(), z.record(z.string(), z.union([z.string(), z.number()]))])

/** What a seal says. Its order of members is the order in which it is written. */
const sealSchema = z.object({
  n: z.number().int().positive(),
  at: z.string(),
  runtimeId: z.string(),
  /** Where the database was, as `esa adopt` shows it. */
  place: z.string(),
  /** Positions in which changed streams were looked for. */
  pos: z.tuple([z.number(), z.number()]),
  streams: z.array(streamSchema),
  tokens: z.array(rowSchema),
  accounts: z.array(rowSchema),
  /** Streams that `esa retain` is about to remove, with the last event of each. */
  retired: z.array(z.tuple([z.string(), z.number().int(), z.string()])),
  /** Everything that was sealed of this runtime before counts no more: `esa adopt` signed that. */
  reset: z.literal(true).optional(),
  /** One of the first lines of a file that was written again: together they hold all that counted before. */
  base: z.literal(true).optional(),
  /** The public key that signs from the next seal on; on the first seal, the one that signs this one as well. */
  key: z.string().optional(),
  /** The SHA-256 of the line before, empty on the very first. */
  prev: z.union([hashSchema, z.literal('')]),
})
export type Seal = z.infer<typeof sealSchema>
export type SealedStream = z.infer<typeof streamSchema>
export type SealedRowEntry = z.infer<typeof rowSchema>

/** How the signature ends a line: what it signs is the line without it. */
const SIGNATURE = /,"sig":"([A-Za-z0-9_-]{86})"\}$/

/** A seal as a line of the file: its JSON, signed by Ed25519. */
export function writeSeal(seal: Seal, privatePem: string): string {
  const signed = JSON.stringify(seal)
  const sig = sign(null, Buffer.from(signed), createPrivateKey(privatePem)).toString('base64url')
  return `${signed.slice(0, -1)},"sig":"${sig}"}`
}

/** A line as what it says, what was signed, and by which signature; null when it is not a seal. */
export function readSeal(line: string): { seal: Seal; signed: string; sig: string } | null {
  const sig = SIGNATURE.exec(line)?.[1]
  if (sig === undefined) return null
  const signed = `${line.slice(0, line.lastIndexOf(',"sig":"'))}}`
  try {
    const parsed = sealSchema.safeParse(JSON.parse(signed))
    return parsed.success ? { seal: parsed.data, signed, sig } : null
  } catch {
    return null
  }
}

/** Whether a public key made a signature. */
export function isSignedBy(key: string, signed: string, sig: string): boolean {
  try {
    const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key }, format: 'jwk' })
    return verify(null, Buffer.from(signed), publicKey, Buffer.from(sig, 'base64url'))
  } catch {
    return false
  }
}

/** A new key, as PEM. */
export function newKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

/** The public key of a private one. */
export function publicKeyOf(privatePem: string): string {
  return createPublicKey(createPrivateKey(privatePem)).export({ format: 'jwk' })['x'] as string
}

/** The hash by which the next line names this one. */
export function hashLine(line: string): string {
  return digest('sha256', line)
}

/** The hash over the positions of a stream's events, one after another, so that more events need no event before them. */
export function chainPositions(before: string, positions: readonly (string | null)[]): string {
  let last = before
  for (const pos of positions) last = digest('sha256', `${last}\n${pos}`)
  return last
}
