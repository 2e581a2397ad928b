import { type StreamResponse, type Task, TaskState } from '@a2a-js/sdk'
import type { Feed } from '../feed.ts'

/** Without any word from the log, a task is looked at again after this long, ms; it also keeps proxies from closing the line. */
const LOOK_AGAIN_MS = 15_000

const OVER = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
])

/** True when nothing more comes of a task. */
export function isOver({ status }: Task): boolean {
  return OVER.has(status?.state ?? TaskState.TASK_STATE_UNSPECIFIED)
}

/**
 * A task as it is, and then each change of it, until it is over. What is told is read from the store whenever the log grows:
 * nothing is missed, and a state that lasted for no time at all may be passed over.
 */
export async function* followTask(
  feed: Feed,
  read: () => Promise<Task>,
): AsyncGenerator<StreamResponse, void, undefined> {
  let grown = true
  let wake = (): void => {}
  // Before the first look: what happens right after it is heard.
  const unfollow = feed.follow(() => {
    grown = true
    wake()
  })
  try {
    let told = await read()
    yield { payload: { $case: 'task', value: told } }
    while (!isOver(told)) {
      if (!grown) await quiet((heard) => (wake = heard))
      grown = false
      const now = await read()
      yield* changes(told, now)
      told = now
    }
  } finally {
    unfollow()
  }
}

/** The first state of a task that is over or waits for somebody, or what it is when the time is up. */
export async function settledTask(feed: Feed, read: () => Promise<Task>, withinMs: number): Promise<Task> {
  const until = performance.now() + withinMs
  let wake = (): void => {}
  const unfollow = feed.follow(() => wake())
  try {
    for (;;) {
      const task = await read()
      const leftMs = until - performance.now()
      const waits = task.status?.state === TaskState.TASK_STATE_INPUT_REQUIRED
      if (waits || isOver(task) || leftMs <= 0) return task
      await quiet((heard) => (wake = heard), Math.min(leftMs, LOOK_AGAIN_MS))
    }
  } finally {
    unfollow()
  }
}

function* changes(before: Task, now: Task): Generator<StreamResponse> {
  const { id: taskId, contextId, status, metadata } = now
  for (const artifact of now.artifacts.slice(before.artifacts.length)) {
    const value = { taskId, contextId, artifact, append: false, lastChunk: true, metadata: undefined }
    yield { payload: { $case: 'artifactUpdate', value } }
  }
  if (factsOf(before) !== factsOf(now))
    yield { payload: { $case: 'statusUpdate', value: { taskId, contextId, status, metadata } } }
}

/** What a change is a change of: the time at which it was read is not. */
function factsOf({ status, metadata }: Task): string {
  return JSON.stringify([status?.state, status?.message?.messageId, metadata])
}

/** Waits until the log has grown, or for a while. */
function quiet(arm: (heard: () => void) => void, forMs = LOOK_AGAIN_MS): Promise<void> {
  return new Promise((resolve) => {
    // A server that stops does not wait for it.
    const timer = setTimeout(resolve, forMs).unref()
    arm(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
