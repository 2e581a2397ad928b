export { NEXT_MIGRATIONS } from './next-migrations.ts'
