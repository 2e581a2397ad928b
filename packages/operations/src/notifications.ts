export { type LinkState, mintAckLink, readAckLink, useAckLink } from './ack-links.ts'
export { type DeliveryDocument, listDeliveries, redeliver } from './deliveries.ts'
export { type OnCall, outletsFor, specOf } from './outlets.ts'
export {
  addPerson,
  listPeople,
  type NewPerson,
  onCall,
  type OnCallDocument,
  type PersonDocument,
  putStandIn,
  removePerson,
  removeStandIn,
  type StandInDocument,
} from './people.ts'
export {
  addChannel,
  type ChannelDocument,
  listChannels,
  removeChannel,
  requireChannel,
  testChannel,
} from './webhooks.ts'
