import { type Behaviors, behaviorsOf } from '@esa/behavior'
import { ceo } from './ceo/agent-0/mind.ts'
import { chief1 } from './chiefs/chief-1/mind.ts'
import { chief } from './chiefs/chief.ts'
import { domain1 } from './domains/domain-1/mind.ts'
import { layer1 } from './layers/layer-1/mind.ts'
import { layer2 } from './layers/layer-2/mind.ts'
import { layer3 } from './layers/layer-3/mind.ts'

/** What the agents of ESA do by themselves. */
export const behaviors: Behaviors = behaviorsOf({
  'agent-0': ceo,
  'chief-1': chief1,
  'chief-2': chief,
  'chief-3': chief,
  'chief-4': chief,
  'chief-5': chief,
  'chief-6': chief,
  'domain-1': domain1,
  'layer-1': layer1,
  'layer-2': layer2,
  'layer-3': layer3,
})
