/** A request, and its waiting caller. */
export interface Asked<Ask, Answer> {
  ask: Ask
  resolve: (answer: Answer) => void
  reject: (reason: unknown) => void
}

/** How a gathering works: at most `most` asks are served together, in at most `lanes` services at a time. */
export interface GatheringOptions<Ask, Answer> {
  most: number
  lanes: number
  /** Answers every ask, refuses it, or gives it back by `put`. */
  serve: (asked: Asked<Ask, Answer>[]) => Promise<void>
}

/** Group commit: requests that arrive while services are under way are served together by the next one. A single request never waits for others. */
export class Gathering<Ask, Answer> {
  readonly #options: GatheringOptions<Ask, Answer>
  readonly #waiting: Asked<Ask, Answer>[] = []
  #underWay = 0

  constructor(options: GatheringOptions<Ask, Answer>) {
    this.#options = options
  }

  add(ask: Ask): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#waiting.push({ ask, resolve, reject })
    // In the next microtask: what comes in one go belongs together.
    queueMicrotask(() => void this.#drain())
    return promise
  }

  /** Gives back what a service could not take: the next one of its lane has it. */
  put(asked: Asked<Ask, Answer>): void {
    this.#waiting.push(asked)
  }

  async #drain(): Promise<void> {
    const { most, lanes, serve } = this.#options
    if (this.#underWay >= lanes) return
    this.#underWay++
    while (this.#waiting.length > 0) {
      const asked = this.#waiting.splice(0, most)
      await serve(asked).catch((error: unknown) => {
        for (const { reject } of asked) reject(error)
      })
    }
    this.#underWay--
  }
}
