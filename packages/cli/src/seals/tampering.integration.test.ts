import { tamperings } from '../../testing/tampering.ts'

tamperings('embedded')
