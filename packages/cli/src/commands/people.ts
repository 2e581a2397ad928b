import { seatOf } from '@esa/operations'
import {
  addPerson as add,
  listPeople as list,
  onCall,
  type PersonDocument,
  putStandIn,
  removePerson as remove,
  removeStandIn,
} from '@esa/operations/notifications'
import { EsaError, levelSchema } from '@esa/protocol'
import { commandCaller } from '../caller.ts'
import type { Config } from '../config.ts'
import { answer, columns, note } from '../output.ts'
import { inStore, lookInStore } from '../store-access.ts'
import { inWorld, lookInWorld } from '../world.ts'

/** Flags of `esa people add`. */
export interface PersonFlags {
  agent?: string
  channel?: string[]
  email?: string[]
}

/** Flags of `esa people override`. */
export interface StandInFlags {
  person?: string
  from?: string
  until?: string
  end?: boolean
}

/** Puts a person on call. @throws EsaError `usage.*`, `channel.unknown` and others (terminal). */
export async function addPerson(config: Config, person: string, flags: PersonFlags): Promise<void> {
  const { channel, ...rest } = flags
  const { agent } = flags
  await inWorld(config, async (world) => {
    const added = await add(world, {
      person,
      ...rest,
      ...(channel === undefined ? {} : { channels: channel }),
    })
    if (agent !== undefined && (await seatOf(world, agent)) !== 'human')
      note(`no one is called for ${agent} while its seat is built-in: esa agents seat ${agent} --human`)
    answer(
      config,
      added,
      () => `${person} is on call for ${added.agent ?? 'standing in'}, by ${waysOf(added)}`,
    )
  })
}

/** Lists all people on call, and the overrides. */
export async function listPeople(config: Config): Promise<void> {
  await lookInStore(config, async (store) => {
    const found = await list(store)
    answer(config, found, () => {
      if (found.people.length === 0) return 'no one is on call'
      const people = found.people.map((one) => [one.person, one.agent ?? '(substitute)', waysOf(one)])
      const standIns = found.standIns.map(
        ({ level, person, from, until, active }) =>
          `${person} is on call for the ${level} level from ${from} until ${until}${active ? ', now' : ''}`,
      )
      return [columns([['PERSON', 'SEAT', 'REACHED BY'], ...people]), ...standIns].join('\n')
    })
  })
}

/** Takes a person off call. @throws EsaError `person.unknown` (terminal). */
export async function removePerson(
  config: Config,
  person: string,
  { agent }: { agent?: string },
): Promise<void> {
  await inStore(config, async (store, databaseUrl) => {
    await remove({ store, caller: commandCaller({ config, store, databaseUrl }) }, person, agent ?? null)
    answer(config, { person, agent: agent ?? null, removed: true }, () => `${person} is off call`)
  })
}

/** Shows who is reached for an agent now. @throws EsaError `usage.level`, `agent.unknown` (terminal). */
export async function showOnCall(config: Config, agent: string, flags: { level: string }): Promise<void> {
  const level = levelSchema.safeParse(flags.level)
  if (!level.success) throw new EsaError('usage.level', 'terminal', `"${flags.level}" is not a level`)
  await lookInWorld(config, async (world) => {
    const found = await onCall(world, agent, level.data)
    answer(config, found, () =>
      found.people.length === 0
        ? `no one is on call for ${agent}: its notices go to its inbox alone`
        : found.people
            .map((one) => `${one.person}, by ${waysOf(one)}${one.standsIn === null ? '' : ' (override)'}`)
            .join('\n'),
    )
  })
}

/** Sets or ends the override of a level. @throws EsaError `usage.*`, `person.*` (terminal). */
export async function overrideLevel(config: Config, level: string, flags: StandInFlags): Promise<void> {
  const { end, person, until, from } = flags
  if (end === true) {
    await inStore(config, async (store, databaseUrl) => {
      await removeStandIn({ store, caller: commandCaller({ config, store, databaseUrl }) }, level)
      answer(config, { level, ended: true }, () => `the ${level} level has no override now`)
    })
    return
  }
  if (person === undefined || until === undefined) {
    throw new EsaError('usage.override', 'terminal', 'an override takes --person and --until, or --end')
  }
  await inWorld(config, async (world) => {
    const standIn = await putStandIn(world, { level, person, until, ...(from === undefined ? {} : { from }) })
    answer(
      config,
      standIn,
      () => `${person} is on call for the ${level} level from ${standIn.from} until ${standIn.until}`,
    )
  })
}

function waysOf({ contacts }: Pick<PersonDocument, 'contacts'>): string {
  return contacts.map(({ channel, to }) => (to === null ? channel : `${to} (${channel})`)).join(', ')
}
