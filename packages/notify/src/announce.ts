import type { Announcement, ChannelSpec } from '@esa/protocol'
import type { FindAddresses } from './channel-address.ts'
import { mail } from './mail.ts'
import { PAGERDUTY_URL, pagerdutyRequests } from './pagerduty.ts'
import { post, type Posted, type Reach } from './post.ts'
import { type Environment, readSecret } from './read-secret.ts'
import { slackRequest } from './slack.ts'
import { webhookRequest } from './webhook.ts'

/** What announcing needs of the process: its variables, its clock, and how names are looked up (by default as the machine does). */
export interface AnnouncePorts {
  environment: Environment
  now: () => Date
  find?: FindAddresses
}

/**
 * Sends an announcement by a channel, once. Answers with the status of the answer.
 * @throws EsaError `channel.*`, transient when another try may succeed. No error holds a secret.
 */
export async function announce(
  spec: ChannelSpec,
  announcement: Announcement,
  ports: AnnouncePorts,
): Promise<number> {
  const { environment, now, find } = ports
  const { allowPrivate, allowPlain } = spec
  const reach: Reach = { allowPrivate, allowPlain, ...(find === undefined ? {} : { find }) }
  const secret = await readSecret(spec.secret, environment)
  switch (spec.kind) {
    case 'webhook': {
      const url = /^(?:env|file):/.test(spec.url) ? await readSecret(spec.url, environment) : spec.url
      return await post(webhookRequest(url, secret, announcement, now()), reach)
    }
    case 'slack':
      return await post(slackRequest(secret, announcement), reach)
    case 'pagerduty':
      return await postAll(pagerdutyRequests(spec.url ?? PAGERDUTY_URL, secret, announcement), reach)
    case 'email':
      return await mail(secret, { from: spec.from, to: spec.to }, announcement, reach)
  }
}

/** Posts all, or fails; a try that is repeated repeats them all. The status of an answer, at least one is required. */
async function postAll(requests: Posted[], reach: Reach): Promise<number> {
  const [status] = await Promise.all(requests.map((request) => post(request, reach)))
  return status!
}
