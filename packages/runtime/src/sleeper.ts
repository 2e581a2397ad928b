/** Sleeps by the machine's clock. */
export class Sleeper {
  #woken = false
  #stopped = false
  #rouse: (() => void) | null = null

  get stopped(): boolean {
    return this.#stopped
  }

  /** Sleeps for `ms`, or until woken or stopped. */
  async sleep(ms: number): Promise<void> {
    if (!this.#woken && !this.#stopped && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#rouse = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      this.#rouse = null
    }
    this.#woken = false
  }

  wake(): void {
    this.#woken = true
    this.#rouse?.()
  }

  stop(): void {
    this.#stopped = true
    this.#rouse?.()
  }
}
