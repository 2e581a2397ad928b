import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrationFiles } from './migration-files.ts'

describe('the files of a migration', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'esa-files-'))
    for (const name of ['2.sql', '1.sql', '1.down.sql', 'notes.md']) await writeFile(join(folder, name), '')
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('are the scripts of a folder in the order of their names, without those that undo', async () => {
    expect(await migrationFiles(folder)).toEqual([join(folder, '1.sql'), join(folder, '2.sql')])
  })

  it('are the plan where one was written, whatever scripts lie beside it', async () => {
    await writeFile(join(folder, 'plan.json'), '{}')
    expect(await migrationFiles(folder)).toEqual([join(folder, 'plan.json')])
  })

  it('cannot be those of a folder that is not there', async () => {
    await expect(migrationFiles(join(folder, 'no'))).rejects.toMatchObject({ code: 'file.unreadable' })
  })
})
