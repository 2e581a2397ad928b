export { type ParsedStatement, parseScript } from './sql/parse-script.ts'
