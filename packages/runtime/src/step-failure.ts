import { type ActorState, isDue } from '@esa/actor'
import { EsaError, isEsaError } from '@esa/protocol'

/** What a fresh transaction gets past. */
const WORTH_ANOTHER_TRY = new Set([
  'store.key-taken',
  'store.conflict',
  'store.input-applied',
  'store.commit-unknown',
  'store.step-lost',
  'database.serialization',
])

/** What PostgreSQL says of a row it will never take; its other errors are about the database. */
const REFUSED_ROW = new Set(['database.data', 'database.constraint', 'database.conflict'])

/** True after a lost race or a lost answer: the same step in a fresh transaction may pass. */
export function isWorthAnotherTry(error: unknown): boolean {
  return isEsaError(error) && WORTH_ANOTHER_TRY.has(error.code)
}

/** True when another try of the same message would end the same way, whatever becomes of the servers. */
export function isOfTheMessage(error: unknown): error is EsaError {
  if (!isEsaError(error)) return false
  const { code, kind } = error
  return kind !== 'transient' && (!code.startsWith('database.') || REFUSED_ROW.has(code))
}

/** Code around a machine that throws is a bug of that code, and must not pass for trouble of the database. */
export function brokenStep(error: unknown): never {
  if (isEsaError(error)) throw error
  throw new EsaError('runtime.step-broken', 'bug', 'a step broke outside of its machine', { cause: error })
}

/** A deadline that has passed counts as moved on, whether or not it was served yet. */
export function assertAtEpoch(state: ActorState, epoch: number, at: number): void {
  if (state.epoch === epoch && !isDue(state, epoch, at)) return
  throw new EsaError('request.conflict', 'terminal', `it is no longer at the requested epoch ${epoch}`, {
    hint: 'read it again, then decide',
    details: { epoch: state.epoch },
  })
}
