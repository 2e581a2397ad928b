/**
 * Where a process can be made to kill itself: `path.step.moment`. `sent` is the instant at which a statement has been
 * sent and not answered, so that PostgreSQL may have obeyed it or not. Letters are those of docs/reliability.md.
 */
export const CRASH_POINTS = [
  // A message: a take the hint · b begin, load · c pure step · d write · e commit
  'message.hint.before', // a
  'message.begin.after', // b
  'message.load.after', // b
  'message.clock.after', // c: nothing stepped
  'message.write.before', // c: stepped
  'message.write.sent', // d
  'message.write.after', // d
  'message.commit.sent', // e
  'message.commit.after', // e
  // f relay reads · g queue add · h mark sent (the relay marks what it takes, in the statement that reads it)
  'relay.take.before', // f
  'relay.take.after', // f, h: marked, not rung
  'ring.add.before', // g
  'ring.add.after', // g: announced, and no worker is there
  // i complete
  'message.complete.before', // i: done, and the queue does not know
  'message.complete.after', // i

  'timer.due.after',
  'timer.begin.after',
  'timer.lock.after',
  'timer.clock.after',
  'timer.write.before',
  'timer.write.sent',
  'timer.write.after',
  'timer.commit.sent',
  'timer.commit.after',

  'activity.claim.before',
  'activity.claim.after',
  'activity.hold.after',
  'activity.end.before', // the handler has run
  'activity.begin.after',
  'activity.fence.after',
  'activity.write.before',
  'activity.write.sent',
  'activity.write.after',
  'activity.commit.sent',
  'activity.commit.after',
  'activity.complete.before',
  'activity.complete.after',

  'alarm.claim.after',
  'alarm.end.before', // it has left the bus, and its row does not know

  'command.begin.after',
  'command.write.before',
  'command.write.sent',
  'command.write.after',
  'command.commit.sent',
  'command.commit.after',
] as const

/** A named point. */
export type CrashPoint = (typeof CRASH_POINTS)[number]
