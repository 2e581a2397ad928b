import type { Check } from '@esa/operations/plugin'
import { isEsaError } from '@esa/protocol'

export type { Check } from '@esa/operations/plugin'

/** Runs a look; what it throws is what it found. */
export async function checked(
  name: string,
  look: () => Promise<Omit<Check, 'name'>> | Omit<Check, 'name'>,
): Promise<Check> {
  try {
    return { name, ...(await look()) }
  } catch (error) {
    return failed(name, error)
  }
}

/** An error as a finding; its message holds no password, its hint is the way out. */
export function failed(name: string, error: unknown): Check {
  if (!isEsaError(error)) return { name, status: 'error', message: String(error) }
  const { message, hint } = error
  return { name, status: 'error', message, ...(hint === undefined ? {} : { fix: hint }) }
}

/** Looks that cannot be had, and why. */
export function skipped(names: readonly string[], message: string): Check[] {
  return names.map((name) => ({ name, status: 'skipped', message }))
}
