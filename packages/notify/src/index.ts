export { type Alarm, type AlarmChannels, raiseAlarm } from './raise-alarm.ts'
