import { type LinkState, readAckLink, useAckLink } from '@esa/operations/notifications'
import { type EsaError, isEsaError, isoTime } from '@esa/protocol'
import { type Context, Hono } from 'hono'
import { html } from 'hono/html'
import type { ApiEnv } from '../api.ts'
import { rateLimit } from '../guards/rate-limit.ts'
import type { Rate, ServerPorts } from '../ports.ts'
import type { TokenWatch } from '../token-watch.ts'

/** A person follows a link a few times; a caller that tries links out is slowed down. */
const LINK_RATE: Rate = { requests: 60, windowS: 60 }

const WHY = {
  used: 'This link was used already.',
  expired: 'This link has expired.',
  'moved-on':
    'The incident has moved on since this link was sent: it was answered, or another level was notified.',
} as const

type Markup = ReturnType<typeof html>

/**
 * `/ack/SECRET`: the page that a notice links to. To look at it changes nothing, as programs that scan mail follow every link; the
 * button on it acknowledges, once. The secret is enough: it was sent to one person.
 */
export function ackLinkRoutes(ports: ServerPorts, tokens: TokenWatch) {
  const { world, binding } = ports
  return new Hono<ApiEnv>()
    .use('/ack/*', rateLimit('links', LINK_RATE, { binding, tokens }), async (context, next) => {
      await next()
      context.header('cache-control', 'no-store')
      context.header('x-robots-tag', 'noindex')
    })
    .get('/ack/:secret', (context) =>
      answer(ports, context, async () => {
        const link = await readAckLink(world.store, context.req.param('secret'))
        return [asking(link), link.why === null ? 200 : 410]
      }),
    )
    .post('/ack/:secret', (context) =>
      answer(ports, context, async () => {
        const { title, deadlineAt, id } = await useAckLink(world, context.req.param('secret'))
        const until =
          deadlineAt === null
            ? ''
            : ` The level is notified again at ${deadlineAt} unless the incident is resolved by then.`
        return [
          page(
            'Acknowledged',
            html`<p>${title} is acknowledged.${until}</p>
              ${incidentLink(id)}`,
          ),
          200,
        ]
      }),
    )
}

type Answered = [Markup, 200 | 404 | 409 | 410]

/** The address of a failed request holds the secret: no log may have it, and so no error may go further. */
async function answer(
  { log }: ServerPorts,
  context: Context<ApiEnv>,
  work: () => Promise<Answered>,
): Promise<Response> {
  try {
    const [markup, status] = await work()
    return await context.html(markup, status)
  } catch (error) {
    if (isEsaError(error) && error.kind === 'terminal')
      return await context.html(refusal(error), statusOf(error))
    log.error({ err: error }, 'a link failed')
    return await context.html(page('Not now', html`<p>This did not work. Try again in a moment.</p>`), 503)
  }
}

function statusOf({ code }: EsaError): 404 | 409 | 410 {
  if (code === 'link.unknown') return 404
  return code.startsWith('link.') ? 410 : 409
}

function refusal({ code, message }: EsaError): Markup {
  const said = code === 'link.unknown' ? 'There is no such link.' : `${message}.`
  return page('Nothing was done', html`<p role="alert">${said}</p>`)
}

/** What the link would do, and the button that does it. */
function asking({ incident, agent, person, expiresAt, why }: LinkState): Markup {
  const { id, title, category, level, status } = incident
  const about = html`<dl>
    <dt>Incident</dt>
    <dd>${title}</dd>
    <dt>Of</dt>
    <dd>${incident.agent}, ${category}</dd>
    <dt>Now</dt>
    <dd>${status} at the ${level} level</dd>
  </dl>`
  if (why !== null)
    return page(
      'Nothing to do',
      html`<p role="alert">${WHY[why]}</p>
        ${about}${incidentLink(id)}`,
    )
  const who = person === null ? agent : `${person}, for ${agent}`
  return page(
    'Acknowledge?',
    html`${about}
      <p>
        This says that <strong>${who}</strong> works on it. The clock stops until the acknowledgement runs
        out; other notified agents learn that it is taken.
      </p>
      <form method="post"><button>Acknowledge</button></form>
      <p>This link works once, until ${isoTime(expiresAt)}.</p>
      ${incidentLink(id)}`,
  )
}

function incidentLink(id: string): Markup {
  return html`<p><a href="/incidents/${id}">The incident</a></p>`
}

/** A page that needs no script, and nothing but itself. */
function page(title: string, content: Markup): Markup {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <title>${title} - ESA</title>
        <style>
          :root {
            color-scheme: light dark;
            font:
              1rem/1.5 system-ui,
              sans-serif;
          }
          main {
            max-width: 32rem;
            margin: 8vh auto;
            padding: 0 1rem;
            overflow-wrap: anywhere;
          }
          dt {
            font-weight: 600;
          }
          dd {
            margin: 0 0 0.5rem;
          }
          button {
            font: inherit;
            min-height: 44px;
            width: 100%;
          }
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`
}
