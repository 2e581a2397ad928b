export { announce, type AnnouncePorts } from './announce.ts'
export { isTaken, postJson } from './post-json.ts'
export { type Alarm, type AlarmChannels, raiseAlarm } from './raise-alarm.ts'
