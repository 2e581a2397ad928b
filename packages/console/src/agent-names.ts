const KINDS: Record<string, string> = {
  layer: 'Layer ',
  domain: 'Domain #',
  chief: 'Chief #',
  expert: 'Expert #',
  ops: 'Ops ',
  life: 'Life ',
}

/** An agent's id as people say it: `chief-1` is "Chief #1". What has no such form stays as it is. */
export function agentName(id: string): string {
  if (id === 'agent-0') return 'the CEO'
  if (id === 'operator') return 'an operator'
  const [, kind = '', number = ''] = /^([a-z]+)-(\d+)$/.exec(id) ?? []
  const said = KINDS[kind]
  return said === undefined ? id : `${said}${number}`
}

// Made once: five thousand events have as many lists.
const LIST = new Intl.ListFormat('en')

/** Several agents in a sentence: "Layer 2 and Layer 3". */
export function agentNames(ids: readonly string[]): string {
  if (ids.length === 0) return 'nobody'
  return LIST.format(ids.map(agentName))
}

/** A sentence with its first letter in capitals. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
