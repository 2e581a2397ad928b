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
        This takes a token on every machine, and never that of whoever asked: so it is known who decided. Make
        one with <code>esa tokens create --as {agent} --scope incidents:write --for 1h --person NAME</code>.
        It is used for this request and forgotten.
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
