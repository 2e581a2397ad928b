import type { Directory } from '@esa/org'
import type { CardDraft } from '@esa/org/cards'
import { EsaError } from '@esa/protocol'
import type { Config } from './config.ts'

/** Whether a person can be prompted: on a terminal, without a name on the command line. */
export function isAsked({ json, yes }: Config, name: string | undefined): boolean {
  return name === undefined && !json && !yes && process.stdin.isTTY && process.stderr.isTTY
}

/** Asks on the terminal for what a draft lacks; the answers go to stdout alone when all is said. @throws EsaError `usage.canceled` (terminal). */
export async function askForAgent(draft: CardDraft, directory: Directory): Promise<CardDraft> {
  const { isCancel, multiselect, select, text } = await import('@clack/prompts')
  const output = process.stderr
  const said = <T>(value: T): Exclude<T, symbol> => {
    if (isCancel(value)) throw new EsaError('usage.cancelled', 'terminal', 'nothing was written')
    return value as Exclude<T, symbol>
  }
  const named = directory.all().map(({ id, name, kind }) => ({ value: id, label: `${id} ${name}`, kind }))
  const name = said(
    await text({
      output,
      message: `What is ${draft.id} called?`,
      placeholder: 'Coffee Machine',
      validate: required,
    }),
  )
  const purpose = said(
    await text({ output, message: 'What does it answer for, in a sentence?', validate: required }),
  )
  const above = named.filter(({ kind }) => kind === 'chief' || kind === 'ceo')
  const chief =
    draft.reportsTo?.[0] ?? said(await select({ output, message: 'To whom does it report?', options: above }))
  const beside = named.filter(({ value, kind }) => kind !== 'ceo' && directory.chiefOf(value) === chief)
  const peers =
    draft.peers ??
    (beside.length === 0
      ? []
      : said(
          await multiselect({
            output,
            message: 'Whom does it ask first?',
            options: beside,
            required: false,
            maxItems: 12,
          }),
        ))
  return { ...draft, name, purpose, reportsTo: draft.reportsTo ?? [chief], peers }
}

function required(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? 'a few words' : undefined
}
