import { expect, it } from 'vitest'
import { sizeFlag, sizeText } from './size.ts'

it('reads sizes as PostgreSQL does', () => {
  const texts = ['145MB', '1.5 gb', '300', '12kB']
  expect(texts.map((text) => sizeFlag('--budget', text))).toEqual([152_043_520, 1_610_612_736, 300, 12_288])
})

it.each(['', 'many', '-1MB', '0', '5 parsecs'])('refuses %j', (text) => {
  expect(() => sizeFlag('--budget', text)).toThrow('is not a size')
})

it('writes sizes for people', () => {
  expect([0, 900, 16_384, 152_043_520].map(sizeText)).toEqual(['0 bytes', '900 bytes', '16.0 kB', '145 MB'])
})
