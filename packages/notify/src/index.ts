export { announce, type AnnouncePorts } from './announce.ts'
export { type Alarm, type AlarmChannels, raiseAlarm } from './raise-alarm.ts'
