/** Where virtual time begins, Unix ms: 2026-01-01T00:00:00.000Z. A fixed instant, so that a run repeats byte for byte. */
export const WORLD_BEGINS_AT = 1_767_225_600_000
