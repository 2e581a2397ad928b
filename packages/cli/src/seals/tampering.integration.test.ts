import { tamperings } from './tampering.fixture.ts'

tamperings('embedded')
