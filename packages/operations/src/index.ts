export { agentDocument, type AgentDocument, cardDocument } from './agent-document.ts'
export { agentPage } from './agent-page.ts'
export { agentStates } from './agent-states.ts'
export { agentFigures, type AgentFiguresDocument, type ShownWindow } from './agent-figures.ts'
export { approvalTarget, askApproval, type Authorisable, consumeApproval } from './approvals.ts'
export { approvalsFor, judgeApproval, listApprovals, pageApprovals } from './approvals.ts'
export { requireApproval, requireApprovals } from './approvals.ts'
export type { ApprovalDocument } from './approval-voters.ts'
export { askable, askAgent, type Asked, type ChooseIntent } from './ask.ts'
export { EventTally, LATENESS_BOUNDS_MS } from './event-tally.ts'
export { isServed, type ReadFigures, readFigures } from './figures.ts'
export { answerItem, judgeProposal, listInbox } from './inbox.ts'
export {
  commandIncident,
  listIncidents,
  openIncident,
  pageIncidents,
  parseIncidentCommand,
  requireIncident,
} from './incidents.ts'
export { bringCards, contextOf, mailboxes, openItems } from './mailboxes.ts'
export { type MetricFigures, readMetricFigures } from './metric-figures.ts'
export { listNotes, type NewNote, writeNote } from './notes.ts'
export { resumeAgent, seatAgent, seatOf, stopAgent, tellAgent } from './seats.ts'
export { addSilence, endSilence, listSilences, type NewSilence } from './silences.ts'
export { agentStatechart, type AgentStatechart } from './statechart.ts'
export { cardFileOf, type ExportFormat, exportStream, formatStream, requireStream } from './streams.ts'
export { type TaskAnswer, type TaskDocument } from './task-document.ts'
export { listTasks, pageTasks, requireTask, sendTask } from './tasks.ts'
export { readThread, type ThreadEvent } from './threads.ts'
export { listTimers, type TimerDocument } from './timers.ts'
export { aboutOf, cardLineOf, since, whoOf } from './timeline-words.ts'
export { createToken, listTokens, type NewTokenRequest, revokeToken } from './tokens.ts'
export { type Caller, cardError, random, requireAgent, storeNow, unknownAgent, type World } from './world.ts'
