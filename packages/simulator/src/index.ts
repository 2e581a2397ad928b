export { parseScenario, type Scenario, scenarioSchema } from './scenario.ts'
export { seededRandom } from './seeded-random.ts'
export { simulate, type SimulatedEvent, type SimulationResult } from './simulate.ts'
export { type Request, World, type WorldOptions } from './world.ts'
