import type { JsonObject } from '@esa/protocol'

/** What Layer 1 found about a database, and how it is mended. Source: docs/cli.md, "Layer 1". */
export interface Finding {
  /** A short kebab-case word that a script can match. */
  kind: string
  /** `error`: dangerous or wrong. */
  severity: 'error' | 'warning' | 'info'
  /** `schema.relation`, where it is about one. */
  relation?: string
  message: string
  /** What it was concluded from: numbers, definitions, plans. */
  evidence: JsonObject
  /** SQL or a setting that mends it without harm, or what to do where there is none. */
  fix?: string
}
