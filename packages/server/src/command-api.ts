import { z } from '@hono/zod-openapi'
import { type IncidentCommands, incidentCommands } from '@esa/escalation'
import type { Scope } from '@esa/protocol'

/** The commands of an incident as the API has them, all from one table. */
export interface CommandApi<Place extends string> {
  /** The last part of a command's URL. */
  place: z.ZodEnum<{ [Name in Place]: Name }>
  /** What the body may have besides who acts; what a command needs of it, the operation behind it says. */
  body: z.ZodObject
  /** The scopes that any of them takes. */
  scopes: Scope[]
  /** The scope of a place; of one that does not exist that of most. */
  scopeOf(place: string | undefined): Scope
  /** The type of the command at a place. */
  typeOf(place: Place): string
}

type PlaceOf<Table extends IncidentCommands> = Table[keyof Table]['http']

/** The API of a table of commands. */
export function commandApi<Table extends IncidentCommands>(table: Table): CommandApi<PlaceOf<Table>> {
  const rows = Object.entries(table).map(([type, spec]) => ({ type, ...spec }))
  const at = (place: string | undefined) => rows.find(({ http }) => http === place)
  return {
    place: z.enum(rows.map(({ http }) => http)) as CommandApi<PlaceOf<Table>>['place'],
    body: bodyOf(table),
    scopes: [...new Set(rows.map(({ scope }) => scope))],
    scopeOf: (place) => at(place)?.scope ?? 'incidents:write',
    typeOf: (place) => at(place)!.type,
  }
}

/** The API of an incident's commands. */
export const incidentCommandApi = commandApi(incidentCommands)

/** Every field that any command takes, by each of its words. */
function bodyOf(table: IncidentCommands): z.ZodObject {
  const found = Object.values(table).flatMap(({ http, fields, words = {} }) =>
    Object.entries(fields).flatMap(([field, schema]) =>
      [field, words[field] ?? field].map((word) => ({ word, http, schema: schema as z.ZodType })),
    ),
  )
  const shape = Object.fromEntries(
    [...Map.groupBy(found, ({ word }) => word)].map(([word, uses]) => {
      const about = uses.map(({ http, schema }) => `${http}: ${schema.description ?? ''}`)
      return [
        word,
        plain(uses[0]!.schema)
          .optional()
          .openapi({ description: [...new Set(about)].join('; ') }),
      ]
    }),
  )
  const as = z.string().default('operator').openapi({ description: 'In whose name: an agent, or operator' })
  return z.looseObject({ as, ...shape }).openapi('IncidentCommand')
}

/** Its type alone: what is wrong with a value, the operation behind says in its own words. */
function plain(schema: z.ZodType): z.ZodType {
  const { type } = z.toJSONSchema(schema) as { type?: string }
  return type === 'integer' || type === 'number' ? z.number() : z.string()
}
