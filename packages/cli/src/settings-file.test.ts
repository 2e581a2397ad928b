import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { addSettings } from './settings-file.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'esa-settings-'))
})

afterEach(() => rm(folder, { recursive: true }))

const write = (text: string): Promise<void> => writeFile(join(folder, 'esa.env'), text)

describe('the settings of a folder', () => {
  it('add to the environment, which wins', async () => {
    await write('# ours\nESA_OWN_AGENTS=agents\nESA_PORT=4400\nSHOP_URL="postgres://shop"\n')
    const environment = { ESA_PORT: '4500' }
    addSettings(folder, environment)
    expect(environment).toEqual({ ESA_PORT: '4500', ESA_OWN_AGENTS: 'agents', SHOP_URL: 'postgres://shop' })
  })

  it('are none where there is no file', () => {
    const environment = {}
    addSettings(folder, environment)
    expect(environment).toEqual({})
  })

  it('are refused with a name that nothing reads', async () => {
    await write('ESA_AGNETS=agents\n')
    expect(() => addSettings(folder, {})).toThrow(/esa\.env sets ESA_AGNETS/)
  })

  it.runIf(process.getuid?.() === 0)(
    'are refused from another user: they could send commands elsewhere',
    async () => {
      await write('ESA_PORT=1\n')
      await chown(join(folder, 'esa.env'), 65_534, 65_534)
      const environment = {}
      expect(() => addSettings(folder, environment)).toThrow(/another user/)
      expect(environment).toEqual({})
    },
  )
})
