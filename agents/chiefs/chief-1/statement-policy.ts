import { type JsonObject, statementHash, textOf } from '@esa/protocol'
import { objectOf } from '@esa/behavior'

/** What a chief makes of a proposed statement. `ask` names what is missing; `pass-on` is the CEO's to decide. */
export type Verdict = { kind: 'approve' | 'reject' | 'ask' | 'pass-on'; because: string }

/**
 * The written policy by which Chief 1 decides on statements without asking a person. Source: docs/layer-1/authority.md, which
 * says why each number is what it is.
 */
export const STATEMENT_POLICY = {
  /** A measured p95 has to fall by this share: less is within the noise of a busy machine. */
  gainMin: 0.3,
  /** Bytes of an index that are given without a person: its build and its upkeep stay unnoticed. */
  indexBytesMax: 1024 ** 3,
  /** Longest that a rehearsed change may keep others waiting, ms: the budget of one blocked write. */
  blockedMsMax: 1_000,
  /** Bytes of a relation beyond which a major change binds more than this division. */
  relationBytesMax: 100 * 1024 ** 3,
} as const

const CONCURRENT_INDEX = /^\s*create\s+(?:unique\s+)?index\s+concurrently\b/i
const ANY_INDEX = /^\s*create\s+(?:unique\s+)?index\b/i
const HARMLESS = /^\s*(?:analyze\b|alter\s+table\s+[^;]+\s+validate\s+constraint\b)/i

/** Decides on a proposed statement from its evidence alone. */
export function judgeStatement(data: JsonObject): Verdict {
  const missing = ['target', 'statement', 'hash', 'change', 'approvalId'].filter(
    (field) => textOf(data[field]) === '',
  )
  if (missing.length > 0) return ask(missing)
  const statement = textOf(data['statement'])
  if (statementHash(statement) !== data['hash']) return reject('its hash is not that of the statement')
  const evidence = objectOf(data['evidence'])
  switch (data['change']) {
    case 'additive':
      return judgeAdditive(statement, evidence)
    case 'major':
      return judgeMajor(evidence)
    case 'destructive':
      return judgeDestructive(evidence)
    default:
      return reject(`"${textOf(data['change'])}" is no kind of change`)
  }
}

function judgeAdditive(statement: string, evidence: JsonObject): Verdict {
  if (HARMLESS.test(statement)) return approve('it blocks nobody and changes no row')
  if (!ANY_INDEX.test(statement)) return judgeMajor(evidence)
  if (!CONCURRENT_INDEX.test(statement))
    return reject('an index that is not built CONCURRENTLY stops every write')
  if (Object.keys(evidence).length === 0) return reject('there is no evidence that it helps')
  const { sizeBytes, p95MsBefore, p95MsAfter } = evidence
  if (typeof p95MsBefore !== 'number' || typeof p95MsAfter !== 'number' || typeof sizeBytes !== 'number') {
    const lacking = ['p95MsBefore', 'p95MsAfter', 'sizeBytes'].filter(
      (field) => typeof evidence[field] !== 'number',
    )
    return ask(lacking, textOf(evidence['why']))
  }
  const { gainMin, indexBytesMax } = STATEMENT_POLICY
  if (sizeBytes > indexBytesMax)
    return reject(`${bytes(sizeBytes)} are over the budget of ${bytes(indexBytesMax)}`)
  const gain = p95MsBefore <= 0 ? 0 : 1 - p95MsAfter / p95MsBefore
  const measured = `p95 went from ${ms(p95MsBefore)} to ${ms(p95MsAfter)} on a copy`
  if (gain < gainMin) return reject(`${measured}, which is no gain of ${gainMin * 100} %`)
  return approve(`${measured}, for ${bytes(sizeBytes)}; building it blocks nobody`)
}

/** No change without a way back, and none that stops others: both were tried on a rehearsal. */
function judgeMajor(evidence: JsonObject): Verdict {
  if (Object.keys(evidence).length === 0)
    return reject('there is no evidence: rehearse it, and say how it is undone')
  const { rollback, blockedMsMax: blocked, lossless, relationBytes } = evidence
  if (lossless === false) return reject('the rehearsal lost data')
  const lacking = [
    ...(textOf(rollback) === '' ? ['rollback'] : []),
    ...(typeof blocked === 'number' ? [] : ['blockedMsMax']),
  ]
  if (lacking.length > 0) return ask(lacking)
  const { blockedMsMax, relationBytesMax } = STATEMENT_POLICY
  if (Number(blocked) > blockedMsMax) return reject(`it kept others waiting for ${ms(Number(blocked))}`)
  if (typeof relationBytes === 'number' && relationBytes > relationBytesMax)
    return { kind: 'pass-on', because: `${bytes(relationBytes)} bind more than this division` }
  return approve(`it kept others waiting for ${ms(Number(blocked))} at most, and has a way back`)
}

/** The first of two approvals, and only where nothing is lost; what loses data has no policy. */
function judgeDestructive(evidence: JsonObject): Verdict {
  const { lossless, rollback } = evidence
  if (lossless === true && textOf(rollback) !== '') {
    return approve(
      'a rehearsal with rows lost nothing, and it has a way back; a person has to approve it as well',
    )
  }
  return { kind: 'pass-on', because: 'it can lose data, which exceeds what a chief decides by policy' }
}

function approve(because: string): Verdict {
  return { kind: 'approve', because }
}

function reject(because: string): Verdict {
  return { kind: 'reject', because }
}

function ask(fields: string[], why = ''): Verdict {
  return {
    kind: 'ask',
    because: `${fields.join(', ')} ${fields.length === 1 ? 'is' : 'are'} missing${why === '' ? '' : `: ${why}`}`,
  }
}

function ms(value: number): string {
  return `${Math.round(value * 10) / 10} ms`
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log(Math.max(1, value)) / Math.log(1024)))
  return `${Math.round((value / 1024 ** power) * 10) / 10} ${units[power]}`
}
