import { NOTIFICATION_TYPE } from '@esa/escalation'
import {
  channelNameSchema,
  type ChannelSpec,
  channelSpecSchema,
  isOfPagerduty,
  PAGERDUTY_HOSTS,
  EsaError,
  isoTime,
  newId,
} from '@esa/protocol'
import type { ChannelRow, Store } from '@esa/store'
import * as z from 'zod'
import { specOf } from './outlets.ts'
import { random, requireAgent, storeNow, type World } from './world.ts'

/** A channel as every edge shows it: where its secrets are, never what they are. */
export type ChannelDocument = { name: string; createdAt: string; createdBy: string } & ChannelSpec

/** Channels that may be added: each is read at every notice, for more, use one receiver that distributes. */
const CHANNELS_MAX = 100

/** Adds a channel. @throws EsaError `usage.channel`, `channel.taken`, `agent.unknown`, `auth.*` (terminal). */
export async function addChannel(world: World, name: unknown, given: unknown): Promise<ChannelDocument> {
  const createdBy = await world.caller.actAs('operator', 'admin')
  const named = channelNameSchema.safeParse(name)
  if (!named.success) throw invalid(`the name of a channel ${named.error.issues[0]!.message}`)
  const parsed = channelSpecSchema.safeParse(given)
  // The words of the schema name members and never values: a secret may be in place of its name.
  if (!parsed.success) throw invalid(`Invalid channel: ${z.prettifyError(parsed.error)}`)
  const spec = parsed.data
  if (spec.kind === 'pagerduty' && spec.url !== undefined && !isOfPagerduty(spec.url))
    throw invalid(
      `the URL of PagerDuty is at ${PAGERDUTY_HOSTS.join(' or ')}: the routing key goes nowhere else`,
    )
  if (spec.agent !== undefined) requireAgent(world, spec.agent)
  const { notifications } = world.store
  if ((await notifications.channels()).length >= CHANNELS_MAX)
    throw new EsaError('channel.too-many', 'terminal', `there are ${CHANNELS_MAX} channels already`)
  const row = await notifications.addChannel({
    name: named.data,
    kind: spec.kind,
    spec: JSON.parse(JSON.stringify(spec)) as ChannelRow['spec'],
    createdBy,
  })
  if (row !== null) return channelDocument(row)
  throw new EsaError('channel.taken', 'terminal', `there is a channel "${named.data}" already`, {
    hint: `esa webhooks remove ${named.data}, or choose another name`,
  })
}

/** All channels, by name. */
export async function listChannels({
  notifications,
}: Pick<Store, 'notifications'>): Promise<ChannelDocument[]> {
  return (await notifications.channels()).map(channelDocument)
}

/** The channel of a name. @throws EsaError `channel.unknown` (terminal). */
export async function requireChannel(
  store: Pick<Store, 'notifications'>,
  name: string,
): Promise<ChannelDocument> {
  const found = (await listChannels(store)).find((channel) => channel.name === name)
  if (found !== undefined) return found
  throw new EsaError('channel.unknown', 'terminal', `there is no channel "${name}"`, {
    hint: 'esa webhooks ls',
  })
}

/**
 * Removes a channel: what is on its way by it fails, and says so.
 * @throws EsaError `channel.unknown`, `channel.in-use` while a person on call is reached by it, `auth.*` (terminal).
 */
export async function removeChannel(
  { store, caller }: Pick<World, 'store' | 'caller'>,
  name: string,
): Promise<void> {
  await caller.actAs('operator', 'admin')
  await requireChannel(store, name)
  const people = await store.notifications.people()
  const reached = people.find(({ contacts }) => contacts.some(({ channel }) => channel === name))
  if (reached !== undefined) {
    throw new EsaError(
      'channel.in-use',
      'terminal',
      `${reached.person} is reached by the channel "${name}"`,
      {
        hint: 'put them on call without it first: esa people add, or esa people remove',
      },
    )
  }
  await store.notifications.removeChannel(name)
}

/**
 * Sends something harmless by a channel, on the road that a notice takes: a worker delivers it. Answers with the id under
 * which the delivery can be followed. @throws EsaError `channel.unknown`, `auth.*` (terminal).
 */
export async function testChannel(world: World, name: string): Promise<{ id: string }> {
  const by = await world.caller.actAs('operator', 'admin')
  await requireChannel(world.store, name)
  const id = `msg_${newId(await storeNow(world.store), random)}`
  await world.host.open({
    type: NOTIFICATION_TYPE,
    key: null,
    from: 'operator',
    body: {
      incidentId: `test-${id}`,
      visit: 0,
      target: 'operator',
      announced: 'channel.test',
      body: { agent: 'operator', category: 'none', level: 'none', title: `${by} tries the channel ${name}` },
      decides: false,
      outlets: [{ id, channel: name, person: null, to: null }],
    },
  })
  return { id }
}

function channelDocument(row: ChannelRow): ChannelDocument {
  const { name, createdAt, createdBy } = row
  return { name, ...specOf(row), createdAt: isoTime(createdAt), createdBy }
}

function invalid(message: string): EsaError {
  return new EsaError('usage.channel', 'terminal', message, {
    hint: 'see: esa webhooks add --help; secrets are named as env:NAME or file:PATH',
  })
}
