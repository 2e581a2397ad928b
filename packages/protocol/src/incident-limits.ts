/** Longest acknowledgement or suppression, 24 h: no agent holds an incident silently for longer. Source: invariant 16. */
export const HOLD_MAX_MS = 24 * 3_600_000

/** Longest snooze, 4 h. Source: invariant 16. */
export const SNOOZE_MAX_MS = 4 * 3_600_000

/** Letters of a note about an incident: some pages. What is longer belongs into a file of its own. */
export const NOTE_MAX = 10_000
