export {
  hasBubblewrap,
  hasOtherClients,
  hasOtherPostgres,
  hasPgBouncer,
  openWebSocketProxy,
  OTHER_BIN,
  startOtherPostgres,
  startPgBouncer,
  startStandby,
  type TestServer,
} from './test-servers.ts'
