import { quoteDotted } from '@esa/database-catalog'

/**
 * Statements of one transaction, each with what undoes it. It begins by locking the tables it will need: once it changes
 * something it does not wait, so that no writer waits for it longer than for one lock.
 */
export class Swap {
  readonly #done: [sql: string, undo: string][] = []
  readonly #lock: { before: string[]; after: string[] }

  /** The tables by their names before and after, those that point to others first: so does a writer lock them. */
  constructor(before: readonly string[], after: readonly string[] = before) {
    this.#lock = { before: lockAll(before), after: lockAll(after) }
  }

  step(sql: string, undo: string): void {
    this.#done.push([sql, undo])
  }

  get sql(): string {
    return [...this.#lock.before, ...this.#done.map(([sql]) => sql)].join('\n')
  }

  get rollback(): string {
    return [...this.#lock.after, ...this.#done.toReversed().map(([, undo]) => undo)].join('\n')
  }
}

function lockAll(relations: readonly string[]): string[] {
  if (relations.length === 0) return []
  return [`LOCK TABLE ${relations.map(quoteDotted).join(', ')} IN ACCESS EXCLUSIVE MODE;`]
}
