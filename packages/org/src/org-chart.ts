import type { AgentId, AgentKind } from '@esa/protocol'

/** A place on the organization chart, whether or not its card is written yet. */
export interface ChartAgent {
  id: AgentId
  kind: AgentKind
  number: number | null
  name: string
  division: string | null
  reportsTo: AgentId[]
}

const DIVISIONS = ['Foundation', 'Core', 'Business', 'Intelligence', 'Platform', 'Extended']

/** Domains: number, name, lines upward. The first line is the chief of its division. */
const DOMAINS: readonly (readonly [number, string, string])[] = [
  [1, 'Infrastructure Orchestrator', 'chief-1'],
  [2, 'Frontend Coordinator', 'chief-1'],
  [3, 'Background Processor', 'chief-2'],
  [4, 'Real-time Communications', 'chief-2'],
  [5, 'Business Logic Manager', 'chief-3'],
  [6, 'Search & Analytics', 'chief-3'],
  [7, 'Life CEO Core', 'chief-4'],
  [8, 'Platform Enhancement', 'chief-5'],
  [9, 'Master Control', 'chief-6 agent-0'],
]

/** Layers: number, name, lines upward (strategy: the chief of its division; operations: a domain). */
const LAYERS: readonly (readonly [number, string, string])[] = [
  [1, 'Database Architecture', 'chief-1 domain-1'],
  [2, 'API Structure', 'chief-1 domain-1'],
  [3, 'Server Framework', 'chief-1 domain-1'],
  [4, 'Authentication System', 'chief-1'],
  [5, 'Authorization & RBAC', 'chief-1'],
  [6, 'Data Validation', 'chief-1'],
  [7, 'State Management', 'chief-1 domain-2'],
  [8, 'Client Framework', 'chief-1 domain-2'],
  [9, 'UI Framework', 'chief-1 domain-2'],
  [10, 'Component Library', 'chief-1 domain-2'],
  [11, 'Real-time Features', 'chief-2 domain-4'],
  [12, 'Data Processing', 'chief-2 domain-3'],
  [13, 'File Management', 'chief-2'],
  [14, 'Caching Strategy', 'chief-2 domain-1'],
  [15, 'Search & Discovery', 'chief-2 domain-6'],
  [16, 'Notification System', 'chief-2'],
  [17, 'Payment Processing', 'chief-2'],
  [18, 'Reporting & Analytics', 'chief-2 domain-6'],
  [19, 'Content Management', 'chief-2'],
  [20, 'Workflow Engine', 'chief-2 domain-3'],
  [21, 'User Management', 'chief-3 domain-5'],
  [22, 'Group Management', 'chief-3 domain-5'],
  [23, 'Event Management', 'chief-3 domain-5'],
  [24, 'Social Features', 'chief-3 domain-5'],
  [25, 'Messaging System', 'chief-3 domain-4'],
  [26, 'Recommendation Engine', 'chief-3 domain-6'],
  [27, 'Gamification', 'chief-3 domain-5'],
  [28, 'Marketplace', 'chief-3 domain-5'],
  [29, 'Booking System', 'chief-3 domain-5'],
  [30, 'Support System', 'chief-3 domain-5'],
  [31, 'Core AI Infrastructure', 'chief-4 domain-7'],
  [32, 'Prompt Engineering', 'chief-4 domain-7'],
  [33, 'Context Management', 'chief-4 domain-7'],
  [34, 'Response Generation', 'chief-4 domain-7'],
  [35, 'AI Agent Management', 'chief-4 domain-7'],
  [36, 'Memory Systems', 'chief-4 domain-7'],
  [37, 'Learning Systems', 'chief-4 domain-7'],
  [38, 'Prediction Engine', 'chief-4 domain-7'],
  [39, 'Decision Support', 'chief-4 domain-7'],
  [40, 'Natural Language', 'chief-4 domain-7'],
  [41, 'Vision Processing', 'chief-4 domain-7'],
  [42, 'Voice Processing', 'chief-4 domain-7'],
  [43, 'Sentiment Analysis', 'chief-4 domain-7'],
  [44, 'Knowledge Graph', 'chief-4 domain-7'],
  [45, 'Reasoning Engine', 'chief-4 domain-7'],
  [46, 'Integration Layer', 'chief-4 domain-7'],
  [47, 'Mobile Optimization', 'chief-5 domain-8'],
  [48, 'Performance Monitoring', 'chief-5 domain-8'],
  [49, 'Security Hardening', 'chief-5 domain-8'],
  [50, 'DevOps Automation', 'chief-5 domain-8'],
  [51, 'Testing Framework', 'chief-5 domain-8'],
  [52, 'Documentation System', 'chief-5 domain-8'],
  [53, 'Internationalization', 'chief-5 domain-8'],
  [54, 'Accessibility', 'chief-5 domain-8'],
  [55, 'SEO Optimization', 'chief-5 domain-8'],
  [56, 'Compliance Framework', 'chief-5 domain-8'],
  [57, 'Automation Management', 'chief-6 domain-9'],
  [58, 'Third-Party Integration Tracking', 'chief-6 domain-9'],
  [59, 'Open Source Management', 'chief-6 domain-9'],
  [60, 'GitHub Expertise & Organization', 'chief-6 domain-9'],
  [61, 'Supabase Expertise & Organization', 'chief-6 domain-9'],
]

/** Experts serve several layers and belong to no division. */
const EXPERTS: readonly (readonly [number, string, string])[] = [
  [10, 'AI Research', 'chief-4'],
  [11, 'UI/UX Design (Aurora)', 'chief-1'],
  [12, 'Data Visualization', 'chief-2'],
  [13, 'Content & Media', 'chief-2'],
  [14, 'Code Quality', 'chief-5'],
  [15, 'Developer Experience', 'chief-5'],
  [16, 'Translation & i18n', 'expert-11'],
]

/** Operational agents keep the organization running. */
const OPERATIONALS: readonly (readonly [number, string, string])[] = [
  [63, 'Sprint & Resource Manager', 'chief-6 domain-9'],
  [64, 'Documentation Architect', 'chief-5 domain-8'],
  [65, 'Project Tracker Manager', 'chief-6 domain-9'],
  [66, 'Code Review Expert', 'chief-5 domain-8'],
  [67, 'Community Relations Manager', 'chief-6 domain-9'],
]

/** Life-CEO agents have a name and no number. */
const LIFE_CEOS = [
  'coordinator',
  'business',
  'finance',
  'health',
  'relationships',
  'learning',
  'creative',
  'network',
  'global-mobility',
  'security',
  'emergency',
  'memory',
  'voice',
  'data',
  'workflow',
  'legal',
]

type Row = readonly [number, string, string]

function row(kind: AgentKind, prefix: string, [number, name, lines]: Row, divided: boolean): ChartAgent {
  const reportsTo = lines.split(' ')
  const chief = Number(/^chief-(\d+)/.exec(lines)?.[1])
  const division = divided ? (DIVISIONS[chief - 1] ?? null) : null
  return { id: `${prefix}-${number}`, kind, number, name, division, reportsTo }
}

/** The 105 agents of the organization: 1 CEO, 6 chiefs, 9 domains, 61 layers, 7 experts, 5 operational, 16 life-CEO. */
export const ORG_CHART: readonly ChartAgent[] = [
  { id: 'agent-0', kind: 'ceo', number: 0, name: 'ESA CEO', division: null, reportsTo: [] },
  ...DIVISIONS.map((name, i): ChartAgent => {
    return {
      id: `chief-${i + 1}`,
      kind: 'chief',
      number: i + 1,
      name,
      division: name,
      reportsTo: ['agent-0'],
    }
  }),
  ...DOMAINS.map((entry) => row('domain', 'domain', entry, true)),
  ...LAYERS.map((entry) => row('layer', 'layer', entry, true)),
  ...EXPERTS.map((entry) => row('expert', 'expert', entry, false)),
  ...OPERATIONALS.map((entry) => row('operational', 'ops', entry, false)),
  ...LIFE_CEOS.map((name): ChartAgent => {
    const reportsTo = ['chief-4', 'domain-7']
    return { id: `lifeceo-${name}`, kind: 'life-ceo', number: null, name, division: null, reportsTo }
  }),
]

const BY_ID: ReadonlyMap<AgentId, ChartAgent> = new Map(ORG_CHART.map((agent) => [agent.id, agent]))

/** The chart's entry of an id, or undefined when the chart has no such agent. */
export function chartAgent(id: AgentId): ChartAgent | undefined {
  return BY_ID.get(id)
}
