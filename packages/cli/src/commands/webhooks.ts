import {
  addChannel as add,
  type ChannelDocument,
  type DeliveryDocument,
  listChannels as list,
  listDeliveries as deliveriesOf,
  redeliver as again,
  removeChannel as remove,
  requireChannel,
  testChannel as test,
} from '@esa/operations/notifications'
import { commandCaller } from '../caller.ts'
import type { Config } from '../config.ts'
import { answer, columns } from '../output.ts'
import { inStore, lookInStore } from '../store-access.ts'
import { inWorld } from '../world.ts'

/** Flags of `esa webhooks add`; the channel's own rules are in its schema. */
export type ChannelFlags = Record<string, unknown>

/** Tries that are shown with a channel. */
const SHOWN = 10

/** Adds a channel. @throws EsaError `usage.channel`, `channel.taken` and others (terminal). */
export async function addChannel(config: Config, name: string, flags: ChannelFlags): Promise<void> {
  await inWorld(config, async (world) => {
    const channel = await add(world, name, flags)
    answer(config, channel, () => `added ${describe(channel)}`)
  })
}

/** Lists all channels. */
export async function listChannels(config: Config): Promise<void> {
  await lookInStore(config, async (store) => {
    const channels = await list(store)
    answer(config, { channels }, () =>
      channels.length === 0
        ? 'no channels'
        : columns([
            ['NAME', 'KIND', 'FILTERS', 'SECRET AT', 'BY'],
            ...channels.map((one) => [one.name, one.kind, toldOf(one), one.secret, one.createdBy]),
          ]),
    )
  })
}

/** Shows one channel and what was tried by it last. @throws EsaError `channel.unknown` (terminal). */
export async function showChannel(config: Config, name: string): Promise<void> {
  await lookInStore(config, async (store) => {
    const channel = await requireChannel(store, name)
    const deliveries = await deliveriesOf(store, { channel: name, limit: SHOWN })
    answer(config, { ...channel, deliveries }, () => `${describe(channel)}\n${table(deliveries)}`)
  })
}

/** Has a worker try a channel. @throws EsaError `channel.unknown` (terminal). */
export async function testChannel(config: Config, name: string): Promise<void> {
  await inWorld(config, async (world) => {
    const asked = await test(world, name)
    answer(config, asked, () => `a worker delivers ${asked.id}; see: esa webhooks deliveries ${name}`)
  })
}

/** Removes a channel. @throws EsaError `channel.unknown` (terminal). */
export async function removeChannel(config: Config, name: string): Promise<void> {
  await inStore(config, async (store, databaseUrl) => {
    await remove({ store, caller: commandCaller({ config, store, databaseUrl }) }, name)
    answer(config, { name, removed: true }, () => `channel ${name} is removed`)
  })
}

/** Lists what was tried, the newest first. */
export async function listDeliveries(
  config: Config,
  channel: string | undefined,
  { incident }: { incident?: string },
): Promise<void> {
  await lookInStore(config, async (store) => {
    const named = channel === undefined ? {} : { channel }
    const about = incident === undefined ? {} : { incidentId: incident }
    const deliveries = await deliveriesOf(store, { ...named, ...about })
    answer(config, { deliveries }, () => table(deliveries))
  })
}

/** Has a worker deliver something once more. @throws EsaError `delivery.unknown` (terminal). */
export async function redeliver(config: Config, id: string): Promise<void> {
  await inWorld(config, async (world) => {
    const asked = await again(world, id)
    answer(config, asked, () => `a worker delivers ${id} once more`)
  })
}

function describe(channel: ChannelDocument): string {
  return `${channel.name}: ${channel.kind}, ${toldOf(channel)}, its secret is at ${channel.secret}`
}

function toldOf({ agent, level, category, personal }: ChannelDocument): string {
  if (personal) return 'people on call'
  const filters = [
    ...(agent === undefined ? [] : [`agent ${agent}`]),
    ...(level === undefined ? [] : [`level ${level}`]),
    ...(category === undefined ? [] : [category]),
  ]
  return filters.length === 0 ? 'everything' : filters.join(', ')
}

function table(deliveries: DeliveryDocument[]): string {
  if (deliveries.length === 0) return 'no deliveries'
  const rows = deliveries.map((one) => [
    one.at,
    one.id,
    one.channel,
    one.notice,
    one.person ?? one.agent,
    `${one.status} (try ${one.attempt})`,
    one.code === null ? '-' : String(one.code),
    `${one.latencyMs} ms`,
    one.why ?? '',
  ])
  return columns([['AT', 'ID', 'CHANNEL', 'NOTICE', 'TO', 'STATUS', 'ANSWER', 'TOOK', 'WHY'], ...rows])
}
