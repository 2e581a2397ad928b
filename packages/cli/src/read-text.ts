import { readFile } from 'node:fs/promises'
import { EsaError } from '@esa/protocol'

/** A file's text. @throws EsaError `file.unreadable` (terminal). */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new EsaError('file.unreadable', 'terminal', `cannot read ${file}`, {
      cause,
      hint: 'check the path and its rights',
    })
  }
}
