import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as a receiver got it. */
export interface Received {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** What a receiver answers: a status, and headers where it has any. */
export type Answer = number | { status: number; headers: Record<string, string> }

/** A receiver on this machine: it answers with these in turn, the last one ever after, and keeps what it got. */
export async function stubReceiver(
  ...answers: Answer[]
): Promise<{ url: string; got: Received[]; close: () => void }> {
  const got: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const answer = answers[got.length] ?? answers.at(-1) ?? 204
      got.push({ path: request.url ?? '', headers: request.headers, body })
      if (typeof answer === 'number') response.writeHead(answer).end()
      else response.writeHead(answer.status, answer.headers).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, got, close: () => server.close() }
}
