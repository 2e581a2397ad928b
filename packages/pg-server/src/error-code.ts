/** The `code` of a system's or driver's error (`ENOENT`, `42P04`); undefined for anything without one. */
export function errorCode(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
