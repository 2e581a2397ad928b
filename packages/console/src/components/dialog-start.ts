const FIELDS = 'input, textarea, select'
const PRIMARY = ['[type=submit]', '[data-look=primary]', '[data-look=danger]']
  .map((which) => `button${which}:not(:disabled)`)
  .join(', ')

/**
 * Where the hand goes in a dialog: the first field that must be filled and is empty, else the primary button, else the first
 * thing that can be pressed. The button that closes it comes last.
 */
export function startOf(dialog: HTMLElement): HTMLElement | null {
  const fields = [...dialog.querySelectorAll<HTMLInputElement>(FIELDS)]
  return (
    fields.find(({ required, disabled, value }) => required && !disabled && value === '') ??
    dialog.querySelector<HTMLElement>(PRIMARY) ??
    fields.find(({ disabled }) => !disabled) ??
    dialog.querySelector<HTMLElement>('button:not(:disabled):not([aria-label=Close])')
  )
}
