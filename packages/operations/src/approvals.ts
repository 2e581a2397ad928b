import type { ActorState } from '@esa/actor'
import {
  type Approval,
  APPROVAL_TYPE,
  type ApprovalKind,
  approvalContext,
  approvalKey,
  approvalView,
  parseOpenApproval,
  refusalIn,
} from '@esa/escalation'
import { EsaError, type JsonObject, statementHash, ulidSchema } from '@esa/protocol'
import type { Store } from '@esa/store'
import { type ApprovalDocument, approvalDocuments } from './approval-voters.ts'
import { WHY_REFUSED as WHY } from './approval-words.ts'
import { admitApproval } from './approving.ts'
import type { World } from './world.ts'

/** A statement that is about to run on a target, by the hash of its text, and what it may do to what is there. */
export interface Authorisable {
  /** As given on the command line: a name, `env:VAR` or a URL. */
  target: string
  hash: string
  kind: ApprovalKind
  /** Its text, where it has one: steps of a plan are more than that. */
  statement: string | null
}

/** Longest statement that a hint repeats, letters: about two lines. */
const SHOWN_MAX = 200

/** Approvals that are looked through for those of an incident that are over: they are few, and what is older is in the log. */
const OVER_MAX = 200

/** How an approval names a target: by its name or variable; of a URL only server and database, never who connects. */
export function approvalTarget(target: string): string {
  const url = URL.parse(target)
  return target.includes('://') && url !== null ? `${url.host}${url.pathname}` : target
}

/**
 * Uses up the approval of a statement, in one commit, right before it runs.
 * @throws EsaError `approval.missing`, `approval.expired` and other `approval.*`, `auth.*` (terminal): it must not run.
 */
export async function consumeApproval(world: World, asked: Authorisable): Promise<Approval> {
  const { hash, kind } = asked
  const target = approvalTarget(asked.target)
  const state = await findApproval(world.store, target, hash)
  if (state === null) throw refused('approval.missing', asked, null)
  const found = approvalView(state)
  const { kind: known, askedAt } = approvalContext(state)
  if (known === 'destructive' && askedAt === undefined)
    throw refused('approval.before-accounts', asked, found)
  const by = await world.caller.actAs('operator', 'db:apply')
  const command = { type: 'use', as: 'operator', by, target, kind, hash }
  const used = await world.host.command(found.id, command)
  const code = refusalIn(used.events)?.code
  if (code !== undefined) throw refused(code, asked, found)
  return approvalView(used.state)
}

/**
 * Refuses when any of these lacks its approval, and names all that do; uses none up.
 * @throws EsaError `approval.missing` (terminal) with `details.missing`; with one that is missing, as its use would.
 */
export async function requireApprovals(store: Store | null, statements: Authorisable[]): Promise<void> {
  const missing: (Authorisable & { approval: Approval | null })[] = []
  for (const one of statements) {
    const state = store === null ? null : await findApproval(store, one.target, one.hash)
    const found = state === null ? null : approvalView(state)
    if (found?.status !== 'granted' || found.kind !== one.kind) missing.push({ ...one, approval: found })
  }
  const [first] = missing
  if (first === undefined) return
  if (missing.length === 1 && first.statement !== null && !first.statement.includes('-- measured: '))
    throw refused('approval.missing', first, first.approval)
  const list = missing.map(
    ({ hash, kind, statement }) => `${kind} ${hash.slice(0, 12)} ${oneLine(statement ?? '')}`,
  )
  throw new EsaError(
    'approval.missing',
    'terminal',
    `${missing.length} statements on ${approvalTarget(first.target)} lack their approval, and nothing was done: ${list.join(' | ')}`,
    {
      hint: `request all of them: esa db approvals ask --target ${approvalTarget(first.target)} --migration FILE --because WHY`,
      details: {
        missing: missing.map(({ hash, kind, statement, approval }) => ({
          hash,
          kind,
          statement,
          approval: approval?.id ?? null,
        })),
      },
    },
  )
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, SHOWN_MAX)
}

/** The open approval of a statement on a target, or null. */
async function findApproval(store: Store, target: string, hash: string): Promise<ActorState | null> {
  const key = approvalKey(approvalTarget(target), hash)
  const live = await store.listActors({ type: APPROVAL_TYPE, live: true })
  const found = live.find((actor) => actor.key === key)
  return found?.state ?? null
}

/**
 * Requests the approval of a statement in Layer 1's name; a second request answers with the open one, which is proposed again.
 * @throws EsaError `approval.other-kind` (terminal): it is requested as another kind of change already.
 */
export async function askApproval(
  world: World,
  { target, statement, kind }: { target: string; statement: string; kind: ApprovalKind },
  more: { by: string; because: string; evidence?: JsonObject },
): Promise<Approval> {
  const place = approvalTarget(target)
  const who = await world.caller.account()
  const whose = who === null ? {} : { who }
  const body = parseOpenApproval({ target: place, statement, kind, askedBy: 'layer-1', ...more, ...whose })
  const { state, events } = await world.host.open({
    type: APPROVAL_TYPE,
    key: approvalKey(place, statementHash(statement)),
    from: 'operator',
    body,
  })
  const code = refusalIn(events)?.code
  if (code !== undefined) throw judgementRefused(code, state.id)
  return approvalView(state)
}

/** An approval by its id. @throws EsaError `approval.unknown` (terminal). */
export async function requireApproval(store: Store, id: string): Promise<ApprovalDocument> {
  return (await approvalDocuments(store, [await requireState(store, id)]))[0]!
}

async function requireState(store: Store, id: string): Promise<ActorState> {
  const found = ulidSchema.safeParse(id).success ? await store.readActor(id) : null
  if (found !== null && found.state.type === APPROVAL_TYPE) return found.state
  throw new EsaError('approval.unknown', 'terminal', `there is no approval "${id}"`, {
    hint: 'list them with: esa db approvals ls',
  })
}

/** A refusal with the way on. */
function refused(code: string, asked: Authorisable, approval: Approval | null): EsaError {
  const { target, hash, kind, statement } = asked
  const about = `${kind} statement ${hash.slice(0, 12)} on ${approvalTarget(target)}`
  const hint =
    approval === null
      ? `ask for it: esa db approvals ask --target ${approvalTarget(target)} ${namedBy(statement)} --because WHY`
      : `see what it lacks: esa db approvals show ${approval.id}`
  const message = `${about} does not run: ${WHY[code] ?? code}`
  const details = { hash, statement, approval: approval?.id ?? null }
  return new EsaError(code, 'terminal', message, { hint, details })
}

/** How a shell command gives the statement: a way back is in no file. */
function namedBy(statement: string | null): string {
  if (statement?.includes('\n-- measured: ') === true) return '--migration FILE'
  if (statement === null || statement.length > SHOWN_MAX || statement.includes('\n')) return '--file FILE'
  return `--statement '${statement.replaceAll("'", String.raw`'\''`)}'`
}

/** Approvals, the newest first: those that are open, or all. */
export async function listApprovals(
  store: Store,
  { all = false }: { all?: boolean },
): Promise<ApprovalDocument[]> {
  const found = await store.listActors({ type: APPROVAL_TYPE, ...(all ? {} : { live: true }) })
  return await approvalDocuments(store, found.map(({ state }) => state).toReversed())
}

/** Approvals for one incident, the newest first: the open ones, and of the newest 200 of all those that are over. */
export async function approvalsFor(store: Store, incident: string): Promise<ApprovalDocument[]> {
  const [open, newest] = await Promise.all([
    store.listActors({ type: APPROVAL_TYPE, live: true }),
    store.actorPage({ type: APPROVAL_TYPE, limit: OVER_MAX }),
  ])
  const states = new Map([...open, ...newest].map(({ state }) => [state.id, state]))
  const its = [...states.values()].filter((state) => approvalView(state).incident === incident)
  return await approvalDocuments(
    store,
    its.toSorted((a, b) => (a.id < b.id ? 1 : -1)),
  )
}

/** A page of approvals, the newest first; `next` is the id after which the next one begins. */
export async function pageApprovals(
  store: Store,
  { all = false, before, limit }: { all?: boolean; before?: string | undefined; limit: number },
): Promise<{ approvals: ApprovalDocument[]; next: string | null }> {
  const place = before === undefined ? {} : { before }
  const open = all ? {} : { live: true }
  const found = await store.actorPage({ type: APPROVAL_TYPE, ...open, ...place, limit: limit + 1 })
  const approvals = await approvalDocuments(
    store,
    found.slice(0, limit).map(({ state }) => state),
  )
  return { approvals, next: found.length > limit ? approvals.at(-1)!.id : null }
}

/**
 * Approves, rejects or withdraws a request. Approving takes a token, and never the requester's; `hash` is that of the
 * statement that was read. @throws EsaError `approval.*`, `auth.*` (terminal).
 */
export async function judgeApproval(
  world: World,
  verb: 'approve' | 'reject' | 'withdraw',
  id: string,
  { as, because, hash }: { as: string; because?: string; hash?: string },
): Promise<ApprovalDocument> {
  const before = approvalView(await requireState(world.store, id))
  const by = await (verb === 'withdraw'
    ? world.caller.actAs(as, 'incidents:write')
    : world.caller.approveAs(as, 'incidents:write'))
  const who = verb === 'withdraw' ? null : await world.caller.account()
  if (verb === 'approve') await admitApproval(world, id, who)
  const said = { ...(because === undefined ? {} : { because }), ...(who === null ? {} : { who }) }
  const command = { type: verb, as, by, hash: hash ?? before.hash, ...said }
  const { state, events } = await world.host.command(id, command)
  const code = refusalIn(events)?.code
  if (code !== undefined) throw judgementRefused(code, id)
  return (await approvalDocuments(world.store, [state]))[0]!
}

/** Why an approval was not given, for people. */
function judgementRefused(code: string, id: string): EsaError {
  return new EsaError(code, 'terminal', `approval ${id}: ${WHY[code] ?? code}`, {
    hint: `esa db approvals show ${id}`,
  })
}
