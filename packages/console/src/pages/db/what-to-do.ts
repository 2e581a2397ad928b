/** What to do about a metric that is out of bounds, by its key in the card of layer-1; the commands are read, never run from here. */
const STEPS: Record<string, readonly string[]> = {
  'query-response-time': [
    'See which statements take the time: esa db queries top --target NAME',
    'See a plan and faster forms of it: esa db queries explain --target NAME --sql "select ..."',
    'Find indexes, each tried on a copy: esa db indexes advise --target NAME',
  ],
  'data-loss-incidents-during-migrations': [
    'Nothing more is applied until it is understood: freeze the target below',
    'Read the incident of the loss; its evidence names the rows',
    'What was rehearsed can be undone: esa db migrate rollback --target NAME',
  ],
  'database-uptime': [
    'See whether it answers: esa db measure --target NAME',
    'See what holds connections: esa db connections --target NAME',
  ],
  'index-hit-ratio': [
    'Find indexes, each tried on a copy: esa db indexes advise --target NAME',
    'See what is bloated or does not fit the cache: esa db storage --target NAME',
  ],
  'schema-normalization-score': [
    'See which tables say something twice: esa db normalize --target NAME',
    'Plan the change on a copy: esa db migrate plan --target NAME',
  ],
}

/** The steps for a metric of a target; for one without steps, whom to ask. */
export function whatToDo(key: string, target: string): string[] {
  const steps = STEPS[key] ?? ['Ask its agent: esa agents ask layer-1 "what about NAME?"']
  return steps.map((step) => step.replace('NAME', target))
}
