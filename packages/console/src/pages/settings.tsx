import { Button } from '../components/button.tsx'
import { Facts, Panel } from '../components/facts.tsx'
import { ViewSwitch } from '../components/view-switch.tsx'
import { When } from '../components/when.tsx'
import { useSession } from '../session.ts'
import { THEMES, useTheme } from '../theme.ts'
import { ChannelPanel } from './settings/channel-panel.tsx'
import { PeoplePanel } from './settings/people-panel.tsx'
import { SilencePanel } from './settings/silence-panel.tsx'
import { TokenPanel } from './settings/token-panel.tsx'

/** What this browser looks like, who it is, and what the runtime lets whom do. */
export function SettingsPage() {
  const [theme, choose] = useTheme()
  return (
    <>
      <h1 className="mb-3">Settings</h1>
      <div className="grid grid-cols-1 gap-4">
        <div className="grid grid-cols-1 gap-4 md:grid-cols-2">
          <Panel title="Colors">
            <ViewSwitch label="Colors" options={THEMES} value={theme} onChoose={choose} />
            <p className="mt-2 text-muted">Kept in this browser. System follows what the machine asks for.</p>
          </Panel>
          <Panel title="You">
            <You />
          </Panel>
        </div>
        <SilencePanel />
        <PeoplePanel />
        <ChannelPanel />
        <TokenPanel />
      </div>
    </>
  )
}

function You() {
  const session = useSession()
  if (session === undefined) return <p className="text-muted">Not known yet.</p>
  const { by, as, person, scopes, expiresAt, oneOperator } = session
  return (
    <>
      <Facts
        facts={[
          ['Person', <bdi key="person">{person}</bdi>],
          ['Acts as', as],
          ['May', scopes.join(', ')],
          ['Known by', by === 'machine' ? 'this machine: everyone on it is its user' : 'a token'],
          [
            'Approvals',
            oneOperator === null ? (
              'what may lose data takes two persons'
            ) : (
              <span key="approvals">
                one operator: <bdi>{oneOperator}</bdi> approves alone what may lose data
              </span>
            ),
          ],
          ...(expiresAt === null ? [] : [['Until', <When key="until" at={expiresAt} />] as const]),
        ]}
      />
      {by === 'machine' ? null : (
        <form method="post" action="/logout" className="mt-3">
          <Button type="submit">Log out</Button>
        </form>
      )}
    </>
  )
}
