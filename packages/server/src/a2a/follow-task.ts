import { type StreamResponse, type Task, TaskState } from '@a2a-js/sdk'
import type { Feed } from '../feed.ts'
import { hearGrowth, type Listening } from '../hear-growth.ts'

/** Without any word from the log, a task is looked at again after this long, ms: there is no hurry, and it costs little. */
const LOOK_AGAIN_MS = 15_000

const OVER = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
])

/** True when nothing more comes of a task. */
function isOver({ status }: Task): boolean {
  return OVER.has(status?.state ?? TaskState.TASK_STATE_UNSPECIFIED)
}

/**
 * A task as it is, and then each change of it, until it is over, the server stops, or the listener is gone. States are read from the store whenever the log grows (where only one stream concerns it, that one):
 * nothing is missed, and a state that lasted for no time at all may be passed over.
 */
export async function* followTask(
  feed: Feed,
  read: () => Promise<Task>,
  listening: Listening,
): AsyncGenerator<StreamResponse, void, undefined> {
  // Before the first look: what happens right after it is heard.
  const growth = hearGrowth(feed, listening)
  try {
    let told = await read()
    yield { payload: { $case: 'task', value: told } }
    while (!isOver(told) && !feed.ending.aborted && listening.signal?.aborted !== true) {
      await growth.next(LOOK_AGAIN_MS)
      const now = await read()
      yield* changes(told, now)
      told = now
    }
  } finally {
    growth.end()
  }
}

/** The first state of a task that is over or needs input, or what it is when the time is up. */
export async function settledTask(
  feed: Feed,
  read: () => Promise<Task>,
  { withinMs, signal }: { withinMs: number; signal: AbortSignal },
): Promise<Task> {
  const until = performance.now() + withinMs
  const growth = hearGrowth(feed, { signal })
  try {
    for (;;) {
      const task = await read()
      const leftMs = until - performance.now()
      const waits = task.status?.state === TaskState.TASK_STATE_INPUT_REQUIRED
      if (waits || isOver(task) || leftMs <= 0 || feed.ending.aborted || signal.aborted) return task
      await growth.next(leftMs)
    }
  } finally {
    growth.end()
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
