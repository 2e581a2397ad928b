import { isWayBackOnly, type MigrationPlan, type Phase, type Step } from './model/plan.ts'

/** A plan as files: `plan.json` is what is applied, the scripts are for people and for other tools. */
export function planFiles(plan: MigrationPlan): { name: string; text: string }[] {
  const scripts = plan.phases.flatMap((phase, n) => [
    { name: `${n + 1}-${phase.name}.sql`, text: phaseScript(phase) },
    { name: `${n + 1}-${phase.name}.rollback.sql`, text: rollbackScript(phase) },
  ])
  return [{ name: 'plan.json', text: `${JSON.stringify(plan, null, 2)}\n` }, ...scripts]
}

/** The steps of a phase as SQL with what they do and lock. */
function phaseScript({ name, promise, destructive, steps }: Phase): string {
  const head = [`-- ${name}: ${promise}.`, ...(destructive ? ['-- Cannot be undone: needs approval.'] : [])]
  const done = steps.filter((step) => !isWayBackOnly(step))
  return `${[...head, '', ...done.map(stepText)].join('\n')}\n`
}

function stepText(step: Step): string {
  const locks = step.locks.map(({ relation, mode }) => `${mode} on ${relation}`).join(', ')
  const head = `-- ${step.id}: ${step.about}.${locks === '' ? '' : ` Locks: ${locks}.`}`
  if (step.kind === 'verify') return `${head}\n-- Must be 0:\n${step.sql};\n`
  if (step.kind === 'backfill') {
    const key = step.key.map(({ column }) => column).join(', ')
    return `${head}\n-- Again and again along (${key}), ${step.batchRows} rows at a time: $RANGE is the next piece of it.\n${step.sql};\n`
  }
  return `${head}\n${step.transaction ? `BEGIN;\n${step.sql}\nCOMMIT;` : step.sql}\n`
}

function rollbackScript({ name, steps }: Phase): string {
  const lines = steps.toReversed().flatMap((step) => {
    if (step.kind !== 'statement') return []
    if (step.rollback === null)
      return [`-- ${step.id}: ${step.destructive ? 'cannot be undone' : 'nothing to undo'}.\n`]
    return [`-- ${step.id}\n${step.transaction ? `BEGIN;\n${step.rollback}\nCOMMIT;` : step.rollback}\n`]
  })
  return `${[`-- Takes ${name} back, the last step first.`, '', ...lines].join('\n')}\n`
}
