import { contextOf, tellAgent } from '@esa/operations'
import { EsaError } from '@esa/protocol'
import type { Config } from '../../config.ts'
import { answer } from '@esa/cli/plugin-kit'
import { inWorld, type World } from '../../runtime.ts'

/** What the operator's policy may let Layer 1 do without asking. Source: docs/layer-1/authority.md. */
const ALONE = ['create-index', 'analyze', 'validate-constraint'] as const

/** Options of `esa db authority`. */
export interface AuthorityFlags {
  alone?: string[]
  ask?: boolean
}

/** Whose authority it is. */
const AGENT = 'layer-1'

/** Says what Layer 1 may do without asking, or changes it; the change is in its log. @throws EsaError `usage.authority`, `auth.*` (terminal). */
export async function setAuthority(config: Config, { alone, ask = false }: AuthorityFlags): Promise<void> {
  if (alone !== undefined && ask)
    throw new EsaError('usage.authority', 'terminal', 'say either --alone or --ask', { hint: HINT })
  const unknown = (alone ?? []).filter((change) => !(ALONE as readonly string[]).includes(change))
  if (unknown.length > 0) {
    const message = `${unknown.join(', ')} always takes an approval`
    throw new EsaError('usage.authority', 'terminal', message, { hint: `may be alone: ${ALONE.join(', ')}` })
  }
  const looks = alone === undefined && !ask
  await inWorld(
    config,
    async (world) => {
      if (!looks) await tellAgent(world, AGENT, { type: 'authority', alone: alone ?? [] }, 'authority.set')
      const allowed = await allowedIn(world)
      answer(config, { agent: AGENT, alone: allowed }, () =>
        allowed.length === 0
          ? `${AGENT} asks before it changes anything; reading it does alone`
          : `${AGENT} does alone: ${allowed.join(', ')}; anything else that changes a database it asks for`,
      )
    },
    looks,
  )
}

const HINT = 'esa db authority --alone create-index'

async function allowedIn({ store }: World): Promise<string[]> {
  const actor = await store.readActor(AGENT)
  const alone = actor === null ? [] : contextOf(actor).memory['alone']
  return Array.isArray(alone) ? alone.map(String) : []
}
