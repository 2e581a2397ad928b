export { Followed, FOLLOWED_MAX } from './guard/followed.ts'
export { freezeDatabase, readFreeze, thawDatabase } from './guard/freeze-flag.ts'
export { roleGrants } from './guard/grants.ts'
export {
  computesOnly,
  COMPUTING_EXTENSIONS,
  FIRST_NORMAL_OID,
  functionsNamed,
  judgeFunction,
  knownHarmless,
  schemasOfPath,
} from './guard/harmless-functions.ts'
export { inJudged, type JudgingOptions, type JudgingSession } from './guard/in-judged.ts'
export { READING_VALUES } from './guard/node-fields.ts'
export { type CalledName, type Reading, readStatement, refusal, writtenName } from './guard/read-statement.ts'
export { ON_COPY, type TargetTerms } from './guard/read-terms.ts'
export { WAITING, withoutStrings } from './guard/require-harmless.ts'
export { resolve } from './guard/resolve.ts'
export {
  noFacts,
  noteCall,
  noteConstants,
  noteTree,
  parseTree,
  type TreeFacts,
  type TreeValue,
} from './guard/resolved-tree.ts'
export { roleOf, type RoleStrength } from './guard/role-strength.ts'
export {
  type Added,
  addedByUsers,
  castsFrom,
  functionsOfOperators,
  relationsOf,
  typesOf,
} from './guard/tree-objects.ts'
