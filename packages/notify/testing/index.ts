export { stubMailServer } from './stub-mail-server.ts'
export { stubReceiver } from './stub-receiver.ts'
