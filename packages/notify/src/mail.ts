import { type Announcement, cut, EsaError } from '@esa/protocol'
import { createTransport } from 'nodemailer'
import { headlineOf, sentenceOf } from './announcement-words.ts'
import { allowedAddresses, systemAddresses } from './channel-address.ts'
import { ANSWER_WITHIN_MS, type Reach } from './post.ts'

/** Longest subject that mail programs show in full, characters. */
const SUBJECT_MAX = 200

/** Evidence in a mail is for a glance; all of it is on the incident's page, characters. */
const EVIDENCE_MAX = 20_000

/** Sender and recipients. */
export interface Envelope {
  from: string
  to: string[]
}

/**
 * Sends a mail, once, by an SMTP URL (`smtps://`, or `smtp://` with STARTTLS). Its Message-ID is made of the announcement's
 * id, so that a repetition can be recognized. Answers with the server's reply code.
 * @throws EsaError `channel.*`: transient when another try may succeed. None holds the URL or what the server said.
 */
export async function mail(
  smtpUrl: string,
  envelope: Envelope,
  announcement: Announcement,
  reach: Reach,
): Promise<number> {
  const server = serverOf(smtpUrl)
  if (envelope.to.length === 0) throw new EsaError('channel.nobody', 'terminal', 'this mail has no recipient')
  const [address] = await allowedAddresses(server.host, reach.allowPrivate, reach.find ?? systemAddresses)
  const transport = createTransport({
    // The address that was checked; the name is for the certificate alone.
    host: address!.address,
    port: server.port,
    secure: server.secure,
    requireTLS: !reach.allowPlain,
    tls: { servername: server.host },
    ...(server.user === '' ? {} : { auth: { user: server.user, pass: server.password } }),
    connectionTimeout: ANSWER_WITHIN_MS,
    greetingTimeout: ANSWER_WITHIN_MS,
    socketTimeout: ANSWER_WITHIN_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    const { response } = await transport.sendMail({ ...envelope, ...messageOf(announcement) })
    return Number(/^\d{3}/.exec(response)?.[0] ?? 250)
  } catch (error) {
    throw mailError(error)
  } finally {
    transport.close()
  }
}

function messageOf(announcement: Announcement) {
  const { id, incidentId, evidence, ackUrl, at, person, told } = announcement
  const text = [
    sentenceOf(announcement),
    '',
    `Incident: ${incidentId}`,
    `Notified: ${person === null ? told : `${person}, on call for ${told}`}`,
    `At: ${at}`,
    ...(ackUrl === null ? [] : ['', `Acknowledge (asks before it does): ${ackUrl}`]),
    ...(evidence === null ? [] : ['', cut(JSON.stringify(evidence, null, 2), EVIDENCE_MAX)]),
  ].join('\n')
  return {
    subject: cut(headlineOf(announcement), SUBJECT_MAX),
    text,
    messageId: `<${id}@esa.invalid>`,
    headers: { 'X-Esa-Incident': incidentId, 'Auto-Submitted': 'auto-generated' },
  }
}

function serverOf(text: string): {
  host: string
  port: number
  secure: boolean
  user: string
  password: string
} {
  // The platform's own error repeats what it could not read.
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^smtps?:$/.test(url.protocol)) {
    throw new EsaError('channel.url-unreadable', 'terminal', 'what should be an SMTP URL is none')
  }
  const secure = url.protocol === 'smtps:'
  const port = url.port === '' ? (secure ? 465 : 587) : Number(url.port)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return {
    host,
    port,
    secure,
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  }
}

/** A reply of 4xx may be retried, one of 5xx not; without a reply there is no connection. Source: RFC 5321, 4.2.1. */
function mailError(error: unknown): EsaError {
  const { code = 'unknown', responseCode } = error as { code?: string; responseCode?: number }
  if (responseCode === undefined) {
    const forGood = code === 'EAUTH' || code === 'ETLS'
    return new EsaError(
      'channel.unreachable',
      forGood ? 'terminal' : 'transient',
      `no mail server answers (${code})`,
    )
  }
  const kind = responseCode >= 500 ? 'terminal' : 'transient'
  return new EsaError('channel.refused', kind, `the mail server answered ${responseCode} (${code})`, {
    details: { code: responseCode },
  })
}
