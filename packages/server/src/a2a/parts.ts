import type { Message, Part } from '@a2a-js/sdk'
import { Role } from '@a2a-js/sdk'
import type { Json, JsonObject } from '@esa/protocol'

/** A part of plain text. */
export function textPart(value: string): Part {
  return { content: { $case: 'text', value }, metadata: undefined, filename: '', mediaType: 'text/plain' }
}

/** A part of data. */
export function dataPart(value: Json): Part {
  return {
    content: { $case: 'data', value },
    metadata: undefined,
    filename: '',
    mediaType: 'application/json',
  }
}

/** What a message says in words. */
export function wordsOf({ parts }: Message): string {
  return parts.flatMap(({ content }) => (content?.$case === 'text' ? [content.value] : [])).join('\n')
}

/** What a message says as data: the members of all its data parts together. */
export function dataOf({ parts }: Message): JsonObject {
  const given = parts.flatMap(({ content }) => (content?.$case === 'data' ? [content.value as unknown] : []))
  const objects = given.filter(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  )
  return Object.assign({}, ...objects) as JsonObject
}

/** What a message is made of besides its parts; members that are not given are empty. */
type About = Pick<Message, 'messageId'> & Partial<Pick<Message, 'contextId' | 'taskId'>>

/** A message of an agent. */
export function said(parts: Part[], about: About): Message {
  return { ...EMPTY, ...about, role: Role.ROLE_AGENT, parts }
}

/** A message of the requester. */
export function asked(parts: Part[], about: About): Message {
  return { ...EMPTY, ...about, role: Role.ROLE_USER, parts }
}

const EMPTY = { contextId: '', taskId: '', metadata: undefined, extensions: [], referenceTaskIds: [] }
