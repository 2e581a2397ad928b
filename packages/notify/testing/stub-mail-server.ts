import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A mail as the server took it. */
export interface Taken {
  from: string
  to: string[]
  data: string
  login: string | null
}

/** How the server answers a command, by its first word; what is not here is taken. */
export type Replies = Partial<Record<'MAIL' | 'RCPT' | 'DATA' | 'AUTH' | 'END', string>>

/** A mail server on this machine that speaks as much SMTP as one client needs, without TLS. Source: RFC 5321. */
export async function stubMailServer(
  replies: Replies = {},
): Promise<{ port: number; taken: Taken[]; close: () => void }> {
  const taken: Taken[] = []
  const server = createServer((socket) => {
    const say = (line: string): void => void socket.write(`${line}\r\n`)
    let mail: Taken = { from: '', to: [], data: '', login: null }
    let inData = false
    let rest = ''
    say('220 stub ESMTP')
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.toString()
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        if (inData) {
          if (line !== '.') mail.data += `${line.replace(/^\./, '')}\n`
          else {
            inData = false
            if (replies.END === undefined) taken.push(mail)
            say(replies.END ?? '250 queued')
          }
          continue
        }
        const word = line.split(' ')[0]!.toUpperCase()
        if (word === 'EHLO') say('250-stub\r\n250 AUTH PLAIN')
        else if (word === 'AUTH') {
          mail.login = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString()
          say(replies.AUTH ?? '235 hello')
        } else if (word === 'MAIL') {
          mail = { login: mail.login, from: /<(.*?)>/.exec(line)?.[1] ?? '', to: [], data: '' }
          say(replies.MAIL ?? '250 ok')
        } else if (word === 'RCPT') {
          mail.to.push(/<(.*?)>/.exec(line)?.[1] ?? '')
          say(replies.RCPT ?? '250 ok')
        } else if (word === 'DATA') {
          inData = replies.DATA === undefined
          say(replies.DATA ?? '354 go on')
        } else if (word === 'QUIT') {
          say('221 bye')
          socket.end()
        } else say('502 not known')
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, taken, close: () => server.close() }
}
