import type { Mutant } from './mutant.ts'

const MACHINE = 'escalation/src/incident/incident.machine.ts'
const ACTIONS = 'escalation/src/incident/incident-actions.ts'
const RULES = 'escalation/src/incident/incident-rules.ts'
const POLICY = 'escalation/src/policy/pin-policy.ts'
const STEP = 'packages/actor/src/step.ts'
const TIMER = 'packages/actor/src/read-timer.ts'
const DRAFT = 'packages/runtime/src/step-draft.ts'
const HOST = 'packages/runtime/src/actor-host.ts'
const RELAY = 'packages/runtime/src/outbox-relay.ts'
const TIMERS = 'packages/runtime/src/timer-service.ts'
const STORE = 'packages/store/src/memory-tx.ts'

/** Mutants of one file, each a name, a text of the file, and its replacement. */
function of(file: string, ...mutants: [name: string, pattern: string, replacement: string][]): Mutant[] {
  return mutants.map(([name, pattern, replacement]) => ({ name, file, pattern, replacement }))
}

const machine = of(
  MACHINE,
  [
    'a-timed-out-ack-climbs',
    "{ target: 'entering', actions: 'expireAck' }",
    "{ target: 'climbing', actions: 'expireAck' }",
  ],
  ['the-ceo-is-told-for-ever', '!context.ceoRenotified,', 'true || context.ceoRenotified,'],
  [
    'a-duplicate-starts-anew',
    "          { actions: { type: 'countDuplicate'",
    "          { target: '.entering', actions: { type: 'countDuplicate'",
  ],
  [
    'the-end-of-a-suppression-tells',
    "{ target: 'triggered', actions: 'unsuppress' },\n            ],\n          },",
    "{ target: 'entering', actions: 'unsuppress' },\n            ],\n          },",
  ],
  [
    'an-alarm-is-raised-once',
    "after: { alarm: { target: 'exhausted', reenter: true, actions: 'alarmAgain' } },",
    '',
  ],
  [
    'one-decline-climbs',
    'declined: act.declinedAfter(context, command) }, event).length === 0',
    'declined: act.declinedAfter(context, command) }, event).length <= 1',
  ],
  [
    'an-old-failure-counts',
    'event.visit === context.notificationRound &&',
    'event.visit <= context.notificationRound &&',
  ],
  [
    'resolve-leaves-it-open',
    "          target: 'resolved',\n          actions: { type: 'resolve'",
    "          actions: { type: 'resolve'",
  ],
  ['a-silence-is-forgotten', "{ guard: 'silenced', target: 'entering', actions: 'release' },", ''],
)

const actions = of(
  ACTIONS,
  [
    'a-climb-of-two',
    'const index = context.index + 1\n',
    'const index = Math.min(context.index + 2, context.policy.path.length - 1)\n',
  ],
  [
    'a-raise-of-one',
    'const index = context.policy.path.length - 1\n',
    'const index = Math.min(context.index + 1, context.policy.path.length - 1)\n',
  ],
  [
    'a-suppression-gives-a-full-wait',
    'set: { waitMs: remainingMs, remainingMs: 0 }',
    'set: { waitMs: rungOf(context).waitMs, remainingMs: 0 }',
  ],
  [
    'exhausted-without-an-alarm',
    "perform: [alarm(context, 'exhausted: nobody acknowledged on any level')],",
    'perform: [],',
  ],
  [
    'the-end-tells-again',
    "deliver(context, step, target, 'incident.closed')",
    "deliver(context, step, target, 'incident.notice')",
  ],
  [
    'a-reassignment-moves-the-deadline',
    'return { set: { waitMs: leftOf(event) } }',
    'return { set: { waitMs: leftOf(event) + 1 } }',
  ],
  [
    'an-ack-without-its-for',
    'const holdMs = event.forMs ?? context.policy.ackTimeoutMs',
    'const holdMs = context.policy.ackTimeoutMs',
  ],
)

const rules = of(
  RULES,
  [
    'a-stale-escalate-steps',
    'command.epoch !== undefined && command.epoch !== command.facts.epoch',
    'command.epoch !== undefined && command.epoch > command.facts.epoch',
  ],
  ['a-snooze-of-a-day', 'command.forMs > SNOOZE_MAX_MS', 'command.forMs > HOLD_MAX_MS'],
  ['the-ceo-may-be-quiet', "return atCeo(context) ? 'incident.at-ceo' : null", 'return null'],
  ['data-loss-may-be-quiet', "if (context.dataLoss) return 'incident.data-loss'\n", ''],
  ['anybody-may-answer', 'return context.notified.includes(as) ||', 'return as !== context.policy.agent ||'],
)

const policy = of(
  POLICY,
  ['on-ones-own-ladder', '.filter((other) => other !== agent)\n  if', '\n  if'],
  [
    'a-conflict-waits-as-the-card-says',
    "rung.level === 'ceo' || rung.waitMs !== undefined ? null",
    "rung.level === 'ceo' ? null",
  ],
  [
    'the-card-comes-first',
    'rung.waitMs ?? fromCard ?? DEFAULT_WAIT_MS',
    'fromCard ?? rung.waitMs ?? DEFAULT_WAIT_MS',
  ],
  ['the-card-is-not-read', 'rung.waitMs ?? fromCard ?? DEFAULT_WAIT_MS', 'rung.waitMs ?? DEFAULT_WAIT_MS'],
  [
    'security-is-not-copied',
    "security: { rungs: [{ level: 'ceo' }], copies: ['chief-5'] }",
    "security: { rungs: [{ level: 'ceo' }] }",
  ],
)

const clock = [
  ...of(
    STEP,
    ['over-at-T', 'at > state.timer.dueAt', 'at >= state.timer.dueAt'],
    [
      'the-epoch-stands-still',
      'const epoch = before.epoch + (moved ? 1 : 0)',
      'const epoch = before.epoch + (before.timer === null ? 1 : 0)',
    ],
    ['a-closed-actor-keeps-its-timer', 'if (!live && timer !== null) throw', 'if (seq < 0) throw'],
    ['lateness-is-forgotten', 'index === 0 && stamp.lateMs !== null', 'index < 0 && stamp.lateMs !== null'],
  ),
  ...of(
    TIMER,
    [
      'a-timer-is-not-cancelled',
      'if (armed.delete((params as { sendId: string }).sendId)) moved = true',
      'moved = true',
    ],
    ['two-timers-pass', 'if (armed.size > 1) {', 'if (armed.size > 99) {'],
    [
      'a-wait-is-a-ms-longer',
      'dueAt: at + checkedDelay(id, delay)',
      'dueAt: at + checkedDelay(id, delay) + 1',
    ],
  ),
  ...of(
    DRAFT,
    ['a-command-does-not-settle', '[timerInput(locked.state), input]', '[input]'],
    [
      'a-served-timer-asks-for-nothing',
      'effects.push(...taken.effects.map(',
      "if (input.kind !== 'timer') effects.push(...taken.effects.map(",
    ],
    ['time-may-fall', 'Math.max(this.#env.at, locked.state.at)', 'this.#env.at'],
  ),
  ...of(HOST, [
    'the-clock-is-read-before-the-lock',
    'const [locked] = await tx.lockActors([actorId])\n      const draft = await this.#draft(tx)\n      const input',
    'const draft = await this.#draft(tx)\n      const [locked] = await tx.lockActors([actorId])\n      const input',
  ]),
  ...of(TIMERS, [
    'a-sleep-past-the-deadline',
    'Math.min(POLL_MS, nextDueAt - nowMs + 1)',
    'nextDueAt - nowMs + 5_000',
  ]),
]

const messages = [
  ...of(
    HOST,
    [
      'the-key-is-not-looked-up',
      'const holder = key === null ? null : await tx.lockKey(type, key)\n    const draft = await this.#draft(tx)\n    const actorId',
      'const holder = null as Awaited<ReturnType<typeof tx.lockKey>>\n    const draft = await this.#draft(tx)\n    const actorId',
    ],
    [
      'a-message-is-not-consumed',
      'const draft = await this.#draft(tx)\n    draft.consume(messageId)\n',
      'const draft = await this.#draft(tx)\n',
    ],
    [
      'a-done-message-is-taken',
      'if (hint === undefined || isOver(hint)) return already',
      'if (hint === undefined) return already',
    ],
    ['one-of-many-is-not-read-again', '.filter((message) => !isOver(message)).sort(byId)', '.sort(byId)'],
    ['one-of-many-is-not-consumed', '  }\n  draft.consume(message.id)', '  }'],
    ['an-opening-is-not-consumed', 'if (cause !== null) draft.consume(cause.messageId)', ''],
    ['a-retry-is-a-new-command', 'const applied = retried ? await', 'const applied = !retried ? await'],
    [
      'a-message-is-not-read-again',
      'if (message === undefined || isOver(message)) return already',
      'if (message === undefined) return already',
    ],
  ),
  ...of(
    STORE,
    [
      'a-key-is-held-twice',
      'if (live && holder !== null && holder !== id) {',
      'if (live && holder !== holder) {',
    ],
    [
      'an-input-applies-twice',
      'if (this.#tables.inputs.has(name) || this.#draft.inputs.has(name)) {',
      'if (this.#draft.inputs.has(name)) {',
    ],
    [
      'an-event-is-not-written',
      'for (const row of rows) this.#draft.events.push(copyJson(row))',
      'for (const row of rows.slice(0, 2)) this.#draft.events.push(copyJson(row))',
    ],
    ['a-late-result-counts', 'activity.fence !== fence ||', ''],
    ['an-activity-ends-again', 'activity.doneAt !== null) return false', 'false) return false'],
    [
      'a-row-is-written-again',
      'if (tables.messages.has(message.id) || draft.messages.has(message.id)) continue',
      '',
    ],
  ),
  ...of(
    RELAY,
    [
      'what-was-not-heard-is-not-rung-again',
      'const afterMs = silent ? 0 : UNHEARD_MS',
      'const afterMs = silent ? 0 : Infinity',
    ],
    ['the-relay-rings-nothing', 'await doorbell.ring(rings)', 'void rings'],
  ),
]

/** Every mutant. */
export const MUTANTS: readonly Mutant[] = [...machine, ...actions, ...rules, ...policy, ...clock, ...messages]

/** Mutants that change nothing by themselves, because another guard backs them up: planted with that one off only. */
export const MASKED: ReadonlySet<string> = new Set([
  'data-loss-may-be-quiet',
  'a-conflict-waits-as-the-card-says',
  'the-card-comes-first',
  'two-timers-pass',
  'a-closed-actor-keeps-its-timer',
  'time-may-fall',
  'the-clock-is-read-before-the-lock',
  'a-key-is-held-twice',
  'an-input-applies-twice',
  'a-message-is-not-read-again',
  'a-done-message-is-taken',
  'one-of-many-is-not-read-again',
  'a-retry-is-a-new-command',
  'a-late-result-counts',
  'an-activity-ends-again',
  'a-row-is-written-again',
])

/** Guards that mask each other, off together. */
export const TOGETHER: readonly string[] = [
  'data-loss-may-be-quiet+the-ceo-may-be-quiet',
  'a-conflict-waits-as-the-card-says+the-card-comes-first',
  'two-timers-pass+a-timer-is-not-cancelled+a-closed-actor-keeps-its-timer',
  'the-epoch-stands-still+an-input-applies-twice',
  'the-clock-is-read-before-the-lock+time-may-fall',
  'a-key-is-held-twice+the-key-is-not-looked-up',
  'an-input-applies-twice+a-message-is-not-consumed+one-of-many-is-not-consumed',
  'an-input-applies-twice+one-of-many-is-not-read-again+a-done-message-is-taken+a-message-is-not-read-again',
  'an-input-applies-twice+a-retry-is-a-new-command',
  'a-late-result-counts+an-activity-ends-again+a-row-is-written-again',
]
