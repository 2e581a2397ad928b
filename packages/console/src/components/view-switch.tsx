interface ViewSwitchProps<View extends string> {
  label: string
  options: readonly View[]
  value: View
  onChoose: (view: View) => void
}

/** Two or three ways to look at the same thing, one of them chosen. */
export function ViewSwitch<View extends string>({ label, options, value, onChoose }: ViewSwitchProps<View>) {
  return (
    <div
      role="group"
      aria-label={label}
      className="inline-flex overflow-hidden rounded-md border border-edge"
    >
      {options.map((view) => (
        <button
          key={view}
          type="button"
          aria-pressed={view === value}
          onClick={() => onChoose(view)}
          className="touch border-l border-edge px-3 first-letter:uppercase first:border-l-0 hover:bg-raised aria-pressed:bg-accent aria-pressed:font-semibold aria-pressed:text-on-accent"
        >
          {view}
        </button>
      ))}
    </div>
  )
}
