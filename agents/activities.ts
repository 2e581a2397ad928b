export { buildIndexActivity } from './layers/layer-1/build-index.activity.ts'
export { type KeepReadings, measureActivity, WORKLOAD_RUNS } from './layers/layer-1/measure.activity.ts'
export { type OpenTarget, type OpenTargetByName } from './layers/layer-1/target.ts'
