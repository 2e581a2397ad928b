import { type Announcement, cut } from '@esa/protocol'
import { headlineOf, sentenceOf } from './announcement-words.ts'
import type { Posted } from './post.ts'

/** Limits of Block Kit, characters. Source: Slack, "Reference: blocks", header and section; the text is cut off at 4,000. */
const HEADER_MAX = 150
const SECTION_MAX = 3_000

/** A message with blocks, and a button that leads to the page where one may acknowledge. Source: Slack, "Incoming webhooks". */
export function slackRequest(url: string, announcement: Announcement): Posted {
  const { incidentId, ackUrl, evidence, id } = announcement
  const headline = headlineOf(announcement)
  const sentence = sentenceOf(announcement)
  const numbers = evidence === null ? '' : `\n\`\`\`${escaped(JSON.stringify(evidence, null, 1))}`
  const button = {
    type: 'button',
    action_id: 'acknowledge',
    text: { type: 'plain_text', text: 'Acknowledge...' },
    url: ackUrl,
  }
  const blocks = [
    { type: 'header', text: { type: 'plain_text', text: cut(headline, HEADER_MAX) } },
    { type: 'section', text: { type: 'mrkdwn', text: fenced(`${escaped(sentence)}${numbers}`) } },
    ...(ackUrl === null ? [] : [{ type: 'actions', elements: [button] }]),
    { type: 'context', elements: [{ type: 'mrkdwn', text: `incident ${escaped(incidentId)}, ${id}` }] },
  ]
  const body = JSON.stringify({ text: escaped(cut(`${headline}: ${sentence}`, SECTION_MAX)), blocks })
  return {
    url,
    headers: { 'content-type': 'application/json', 'user-agent': 'esa', 'idempotency-key': id },
    body,
  }
}

/** What would be markup is text. Source: Slack, "Formatting text", escaping. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A fence that was opened is closed, also where the text was too long. */
function fenced(text: string): string {
  return text.includes('```') ? `${cut(text, SECTION_MAX - 3)}\`\`\`` : cut(text, SECTION_MAX)
}
