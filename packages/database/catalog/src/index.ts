export { OF_THE_APPLICATION } from './catalog/application-schemas.ts'
export { collate, inScope, isInternal, isOwn, options } from './catalog/catalog-scope.ts'
export { isToolTable, noToolTable } from './catalog/migration-tool-tables.ts'
export {
  type Column,
  type Constraint,
  definitionOf,
  type ForeignKey,
  foreignKeysOf,
  type Index,
  isChecked,
  keysOf,
  predicateOf,
  type Relation,
  type RelationWith,
  type Table,
} from './catalog/model.ts'
export { bareName, nameWith, newName, oldName, quoteDotted, sibling } from './catalog/names.ts'
export { applicationTables, readCatalog } from './catalog/read-catalog.ts'
export { relationsNamed } from './catalog/relations-named.ts'
