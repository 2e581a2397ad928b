// Preloaded into a worker: whatever is delivered to one agent hangs, as a handler does that waits for a dead peer.
import type { ActivityHandler } from '@esa/actor'
import { Registry } from '@esa/runtime'

/** The agent that takes nothing. */
const WEDGED = 'layer-2'

type Find = (name: string) => ActivityHandler

const registry = Registry.prototype as unknown as { activity: Find }
const find = registry.activity
registry.activity = function findWedged(name) {
  const handler = find.call(this, name)
  return {
    ...handler,
    run: (input, context) =>
      input['target'] === WEDGED ? new Promise(() => {}) : handler.run(input, context),
  }
}
