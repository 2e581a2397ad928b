export type {
  AgentCard,
  CardCollaboration,
  CardEscalation,
  CardMention,
  CardMetric,
  Comparator,
} from './agent-card.ts'
export { CARD_BYTES_MAX, type CardSource, decodeCard } from './card-source.ts'
export { checkDirectory } from './check-directory.ts'
export { buildDirectory, type Directory, type DirectoryAgent } from './directory.ts'
export { type ChartAgent, chartAgent, ORG_CHART } from './org-chart.ts'
export { closest } from './labels.ts'
export { orgTree } from './org-tree.ts'
export { byPlace, hasErrors, type Problem, type Severity } from './problem.ts'
