export { meetTerms, type ReadTerms } from '../src/guard/read-terms.ts'
export { runGuarded } from './run-guarded.ts'
export { bothMajors } from './both-majors.ts'
export { ownServer, type OwnServer } from './own-server.ts'
