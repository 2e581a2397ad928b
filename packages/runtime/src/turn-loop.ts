import type { Sleep } from './pace.ts'

/** Something that takes one turn after another, and says after each how long it sleeps. A turn handles its own errors. */
export abstract class TurnLoop {
  readonly #sleeper: Sleep
  #running: Promise<void> | null = null
  #turns = 0

  constructor(sleeper: Sleep) {
    this.#sleeper = sleeper
  }

  /** Turns taken so far: a loop that hangs takes no more. */
  get turns(): number {
    return this.#turns
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Takes the next turn at once: there may be something to do. */
  wake(): void {
    this.#sleeper.wake()
  }

  /** Ends after the turn in hand. */
  async stop(): Promise<void> {
    this.#sleeper.stop()
    await this.#running
  }

  /** One turn; answers how long to sleep, ms. */
  protected abstract turn(): Promise<number>

  async #run(): Promise<void> {
    while (!this.#sleeper.stopped) {
      const restMs = await this.turn()
      this.#turns++
      await this.#sleeper.sleep(restMs)
    }
  }
}
