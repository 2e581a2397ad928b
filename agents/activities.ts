export { buildIndexActivity } from './layers/layer-1/build-index.activity.ts'
export {
  measureActivity,
  type OpenTarget,
  type OpenTargetByName,
  WORKLOAD_RUNS,
} from './layers/layer-1/measure.activity.ts'
