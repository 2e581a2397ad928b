import type { AgentCard, AgentSkill } from '@a2a-js/sdk'
import { askable, unknownAgent, type World } from '@esa/operations'
import { CATEGORIES } from '@esa/protocol'
import { escalationExtension } from './escalation-extension.ts'

/** Skills of one card: its tasks and facts, and the responsibilities of a long card. */
const SKILLS_MAX = 50

const MODES = ['text/plain', 'application/json']

/**
 * The A2A card of an agent, made from its Markdown card: its skills are its tasks, the facts that it gives, what it answers
 * for, and that an incident of it can be opened. `base` is where this server is reached. @throws EsaError `agent.unknown` (terminal).
 */
export function agentCard(
  world: Pick<World, 'directory' | 'behaviors'>,
  id: string,
  base: string,
): AgentCard {
  const agent = world.directory.get(id)
  if (agent === undefined) throw unknownAgent(id)
  const { name, division, card } = agent
  const answersFor = card?.responsibilities[0] ?? 'no card yet: a person reads what is sent'
  return {
    name: `${name} (${id})`,
    description: `${division === null ? '' : `${division}. `}${answersFor}`,
    supportedInterfaces: [
      { url: `${base}/a2a/${id}`, protocolBinding: 'JSONRPC', tenant: '', protocolVersion: '1.0' },
    ],
    provider: undefined,
    version: card?.cardHash.slice(0, 12) ?? 'no-card',
    capabilities: { streaming: true, pushNotifications: false, extensions: [escalationExtension] },
    securitySchemes: {
      token: {
        scheme: {
          $case: 'httpAuthSecurityScheme',
          value: {
            description: 'A token of this runtime: esa tokens create',
            scheme: 'Bearer',
            bearerFormat: '',
          },
        },
      },
    },
    securityRequirements: [{ schemes: { token: { list: [] } } }],
    defaultInputModes: MODES,
    defaultOutputModes: MODES,
    skills: [openSkill(id), ...skillsOf(world, id)].slice(0, SKILLS_MAX),
    signatures: [],
  }
}

function skillsOf(world: Pick<World, 'directory' | 'behaviors'>, id: string): AgentSkill[] {
  return askable(world, id).map(({ id: skill, kind, about, words, needs }) =>
    skillOf({
      id: skill,
      name: skill,
      description: needs.length === 0 ? about : `${about} (data: ${needs.join(', ')})`,
      tags: [kind, ...words],
    }),
  )
}

function openSkill(id: string): AgentSkill {
  return skillOf({
    id: 'incident.open',
    name: 'incident.open',
    description: `Opens an incident of ${id}, which climbs its ladder by the clock. Data: type, category (${CATEGORIES.join(', ')}), title, evidence, dedupKey.`,
    tags: ['incident'],
  })
}

function skillOf(about: Pick<AgentSkill, 'id' | 'name' | 'description' | 'tags'>): AgentSkill {
  return { ...about, examples: [], inputModes: [], outputModes: [], securityRequirements: [] }
}
