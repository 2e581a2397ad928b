import { CATEGORIES } from '@esa/protocol'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { api, body } from '../api.ts'
import { Button } from '../components/button.tsx'
import { Empty, Failed } from '../components/states.tsx'
import { agentsQuery } from '../open-incidents.ts'
import { MomentList } from './simulate/moment-list.tsx'
import { Result } from './simulate/result.tsx'
import { scenarioOf, type ScenarioForm } from './simulate/scenario.ts'
import type { Simulation } from './simulate/simulation.ts'
import { Simulated } from './simulate/watermark.tsx'

const FIELD = 'touch w-full min-w-0 rounded-md border border-edge bg-surface px-2'

/** Runs a ladder on a virtual clock. Everything on the page is marked: it can be taken for the real thing nowhere. */
export function SimulatePage() {
  const [form, setForm] = useState<ScenarioForm>({ agent: 'layer-1', category: 'integration', moments: [] })
  const [problem, setProblem] = useState<string | null>(null)
  const agents = useQuery(agentsQuery)
  const run = useMutation({
    mutationFn: async (scenario: { agent: string; category: string }) =>
      await body<Simulation>(api.simulations.$post({ json: scenario })),
  })
  useTitle('SIMULATION - ESA')
  return (
    <>
      <h1 className="mb-3">Simulate</h1>
      <Simulated>
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            const made = scenarioOf(form)
            setProblem(made.problem ?? null)
            if (made.scenario !== undefined) run.mutate(made.scenario)
          }}
        >
          <div className="flex flex-wrap gap-4">
            <label className="grid min-w-0 grid-cols-1 gap-1">
              <span className="font-semibold">Agent</span>
              <select
                value={form.agent}
                onChange={({ target }) => setForm({ ...form, agent: target.value })}
                className={FIELD}
              >
                {(agents.data?.agents ?? [{ id: form.agent, name: '' }]).map(({ id, name }) => (
                  <option key={id} value={id}>
                    {id} {name}
                  </option>
                ))}
              </select>
            </label>
            <label className="grid min-w-0 grid-cols-1 gap-1">
              <span className="font-semibold">Category</span>
              <select
                value={form.category}
                onChange={({ target }) => setForm({ ...form, category: target.value })}
                className={FIELD}
              >
                {CATEGORIES.map((category) => (
                  <option key={category}>{category}</option>
                ))}
              </select>
            </label>
          </div>
          <MomentList moments={form.moments} onChange={(moments) => setForm({ ...form, moments })} />
          <datalist id="simulated-agents">
            {['operator', ...(agents.data?.agents.map(({ id }) => id) ?? [])].map((id) => (
              <option key={id}>{id}</option>
            ))}
          </datalist>
          {problem === null ? null : (
            <p role="alert" className="text-danger">
              {problem}
            </p>
          )}
          <div>
            <Button type="submit" look="primary" icon="play" disabled={run.isPending}>
              Run the simulation
            </Button>
          </div>
        </form>
        <div className="mt-5">
          {run.error !== null ? (
            <Failed error={run.error} />
          ) : run.data === undefined ? (
            <Empty title="No simulation has run yet.">
              It takes less than a second, whatever the waits are.
            </Empty>
          ) : (
            <Result simulation={run.data} />
          )}
        </div>
      </Simulated>
    </>
  )
}

/** The title of the window while a page is there. */
function useTitle(title: string): void {
  useEffect(() => {
    const before = document.title
    document.title = title
    return () => {
      document.title = before
    }
  }, [title])
}
