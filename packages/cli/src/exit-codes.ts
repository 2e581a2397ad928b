import { type EsaError, isEsaError } from '@esa/protocol'

/** What a command ends with. Source: docs/cli.md, "Exit codes". */
export const EXIT = {
  ok: 0,
  findings: 1,
  usage: 2,
  invalid: 3,
  notFound: 4,
  forbidden: 5,
  conflict: 6,
  unreachable: 7,
  confirm: 8,
  bug: 70,
  interrupted: 130,
} as const

/** Exit codes by error code, the longest matching prefix wins. */
const BY_PREFIX: [string, number][] = [
  ['usage.', EXIT.usage],
  ['agent.unknown', EXIT.notFound],
  ['incident.unknown', EXIT.notFound],
  ['target.unknown', EXIT.notFound],
  ['target.not-installed', EXIT.notFound],
  ['target.quiet', EXIT.conflict],
  ['note.', EXIT.usage],
  ['stream.unknown', EXIT.notFound],
  ['stream.unreadable', EXIT.invalid],
  ['stream.broken', EXIT.findings],
  ['stream.differs', EXIT.conflict],
  ['task.unknown', EXIT.notFound],
  ['task.not-installed', EXIT.unreachable],
  ['token.unknown', EXIT.notFound],
  ['person.', EXIT.notFound],
  ['channel.', EXIT.unreachable],
  ['channel.unknown', EXIT.notFound],
  ['channel.taken', EXIT.conflict],
  ['channel.in-use', EXIT.conflict],
  ['channel.too-many', EXIT.conflict],
  ['delivery.', EXIT.notFound],
  ['notification.', EXIT.usage],
  ['link.', EXIT.conflict],
  ['link.unknown', EXIT.notFound],
  ['file.', EXIT.notFound],
  ['file.exists', EXIT.conflict],
  ['output.', EXIT.unreachable],
  ['agent.stopped', EXIT.conflict],
  ['agent.awaits-too-much', EXIT.conflict],
  ['incident.not-allowed', EXIT.forbidden],
  ['auth.', EXIT.forbidden],
  ['approval.', EXIT.forbidden],
  ['approval.unknown', EXIT.notFound],
  ['approval.over', EXIT.conflict],
  ['approval.invalid', EXIT.usage],
  ['account.unknown', EXIT.notFound],
  ['account.', EXIT.conflict],
  ['incident.invalid', EXIT.usage],
  ['incident.', EXIT.conflict],
  ['silence.unknown', EXIT.notFound],
  ['silence.invalid', EXIT.usage],
  ['silence.', EXIT.conflict],
  ['seat.', EXIT.conflict],
  ['inbox.', EXIT.conflict],
  ['demo.', EXIT.conflict],
  ['demo.interrupted', EXIT.interrupted],
  ['demo.timed-out', EXIT.unreachable],
  ['actor.', EXIT.conflict],
  ['look.', EXIT.usage],
  ['index.', EXIT.conflict],
  ['activity.', EXIT.unreachable],
  ['alarm.', EXIT.unreachable],
  ['seal.', EXIT.notFound],
  ['seal.not-posted', EXIT.unreachable],
  ['store.schema-', EXIT.conflict],
  ['store.', EXIT.unreachable],
  ['queue.evicting', EXIT.invalid],
  ['queue.auth', EXIT.forbidden],
  ['queue.', EXIT.unreachable],
  ['runtime.', EXIT.unreachable],
  ['sql.not-a-read', EXIT.forbidden],
  ['sql.role-too-strong', EXIT.forbidden],
  ['sql.logged', EXIT.forbidden],
  ['sql.', EXIT.usage],
  ['workload.', EXIT.usage],
  ['message.', EXIT.usage],
  ['database.home-', EXIT.invalid],
  ['database.url-unreadable', EXIT.usage],
  ['database.auth', EXIT.forbidden],
  ['database.permission', EXIT.forbidden],
  ['database.schema', EXIT.usage],
  ['database.version', EXIT.conflict],
  ['database.', EXIT.unreachable],
  ['config.', EXIT.invalid],
  ['drizzle.', EXIT.invalid],
  ['card.', EXIT.invalid],
  ['org.', EXIT.invalid],
  ['policy.', EXIT.invalid],
  ['scenario.', EXIT.usage],
  ['history.', EXIT.usage],
  ['migration.', EXIT.conflict],
  ['migration.data-loss', EXIT.findings],
  ['migration.interrupted', EXIT.interrupted],
  ['migration.not-applicable', EXIT.usage],
  ['migration.phase-unknown', EXIT.usage],
  ['migration.no-ledger', EXIT.forbidden],
  ['server.', EXIT.unreachable],
  ['server.cannot-listen', EXIT.invalid],
  // What only a request over HTTP meets: the command line names them so that no code is without an end.
  ['request.', EXIT.usage],
  ['request.conflict', EXIT.conflict],
  ['payload.', EXIT.usage],
  ['page.', EXIT.notFound],
  ['run.', EXIT.notFound],
  ['stream.too-many', EXIT.conflict],
  ['confirm.', EXIT.confirm],
  ['rehearsal.', EXIT.conflict],
  ['rehearsal.busy', EXIT.conflict],
  ['rehearsal.disk', EXIT.conflict],
  ['rehearsal.time', EXIT.conflict],
]

/** Beginnings of error codes and what a command ends with on them, in the order of the alphabet. */
export function exitCodesByPrefix(): [prefix: string, code: number][] {
  return BY_PREFIX.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** The exit code of an error; 70 for whatever is not an EsaError, is a bug, or has an unknown code. */
export function exitCodeOf(error: unknown): number {
  if (!isEsaError(error) || error.kind === 'bug') return EXIT.bug
  const matching = BY_PREFIX.filter(([prefix]) => error.code.startsWith(prefix))
  const longest = matching.toSorted(([a], [b]) => b.length - a.length)[0]
  return longest?.[1] ?? EXIT.bug
}

/** An error as problem+json (RFC 9457), for `--json`. */
export function problemOf(error: EsaError): Record<string, unknown> {
  const { code, message, hint, details } = error
  const about = { type: 'about:blank', title: code, detail: message }
  return {
    ...about,
    code,
    message,
    ...(hint === undefined ? {} : { hint }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  }
}
