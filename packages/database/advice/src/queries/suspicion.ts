import type { Finding } from '@esa/database-catalog/sql'

/** A change under which the statement can be run again, to see what it is worth. */
type Trial =
  /** Settings of one transaction: tried on the target itself, reading. */
  | { kind: 'settings'; settings: Record<string, string> }
  /** Statements that make something: tried on a copy only. */
  | { kind: 'ddl'; statements: string[] }

/** A finding of a plan that may say how its fix is tried. */
export interface Suspicion extends Finding {
  trial?: Trial
}

/** How a finding without a trial of its own is completed. */
export function suspect(
  kind: string,
  about: Omit<Suspicion, 'kind' | 'severity'> & { severity?: Finding['severity'] },
): Suspicion {
  return { kind, severity: 'warning', ...about }
}
