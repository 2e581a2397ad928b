interface TokenFieldProps {
  agent: string
  value: string
  onValue: (value: string) => void
}

/** Where a person gives the token that they vote with. */
export function TokenField({ agent, value, onValue }: TokenFieldProps) {
  return (
    <>
      <Field label={`Your token as ${agent}`} value={value} onValue={onValue} secret required />
      <p className="text-sm text-muted">
        A vote takes the token of a person who signed in before the request, and never the requester’s. On the
        host: <code>esa accounts add NAME --as {agent}</code> prints a link, and <code>esa login LINK</code>{' '}
        the token. It is used for this vote and forgotten.
      </p>
    </>
  )
}

interface BecauseFieldProps {
  value: string
  onValue: (value: string) => void
  required: boolean
}

/** Why it is approved, or not. */
export function BecauseField(props: BecauseFieldProps) {
  return <Field label="Because" {...props} />
}

interface FieldProps {
  label: string
  value: string
  onValue: (value: string) => void
  secret?: boolean
  required?: boolean
}

function Field({ label, value, onValue, secret = false, required = false }: FieldProps) {
  return (
    <label className="grid gap-1">
      <span className="font-semibold">{label}</span>
      <input
        type={secret ? 'password' : 'text'}
        autoComplete="off"
        required={required}
        value={value}
        onChange={({ target }) => onValue(target.value)}
        className="touch w-full rounded-md border border-edge bg-page px-2"
      />
    </label>
  )
}
