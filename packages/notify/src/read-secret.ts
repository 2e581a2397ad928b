import { readFile } from 'node:fs/promises'
import { EsaError } from '@esa/protocol'

/** Variables by name: who composes gives the environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A secret is a key or a URL; a larger file is something else, bytes. */
const SECRET_MAX = 16 * 1024

/**
 * The secret that a reference (`env:NAME`, `file:PATH`) names, without white space around it.
 * @throws EsaError `channel.secret-missing` (terminal); it names the reference and never the secret.
 */
export async function readSecret(reference: string, environment: Environment): Promise<string> {
  const [, kind, place = ''] = /^(env|file):(.+)$/s.exec(reference) ?? []
  const found = kind === 'env' ? environment[place] : kind === 'file' ? await contentsOf(place) : undefined
  const secret = found?.trim() ?? ''
  if (secret !== '' && secret.length <= SECRET_MAX) return secret
  throw new EsaError('channel.secret-missing', 'terminal', `there is no secret at ${reference}`, {
    hint:
      kind === 'env' ? `set ${place} where the worker starts` : 'the worker must be able to read that file',
  })
}

async function contentsOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    return undefined
  }
}
