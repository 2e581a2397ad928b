/** What to do where the server of a target would log the statements that are judged. */
export const GUARD_LOG = ['warn', 'never'] as const
