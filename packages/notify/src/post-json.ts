/** A webhook that has not answered in this time has failed, ms. */
const ANSWER_WITHIN_MS = 5_000

/** Posts JSON to an address that the operator of this runtime named, and gives the status; a redirect is an error. */
export async function postJson(url: string, body: string): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  })
  await response.body?.cancel()
  return response.status
}

/** True for a status that says that the body was taken. */
export function isTaken(status: number): boolean {
  return status >= 200 && status < 300
}
