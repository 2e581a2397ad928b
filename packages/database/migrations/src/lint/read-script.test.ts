import { describe, expect, it } from 'vitest'
import { readScript } from './read-script.ts'

const read = (text: string | Uint8Array) =>
  readScript('0042.sql', typeof text === 'string' ? Buffer.from(text) : text)

describe('a migration file', () => {
  it('may begin with a byte order mark, and end its lines as Windows does', async () => {
    const { statements } = await read('\uFEFFselect 1;\r\n\r\nselect\r\n  2;\r\n')
    expect(statements.map(({ line, text }) => [line, text])).toEqual([
      [1, 'select 1'],
      [3, 'select\r\n  2'],
    ])
  })

  it('keeps its lines when commands of psql and rows of COPY are set aside', async () => {
    const { statements, metaCommands } = await read(
      '\\set x 1\ncopy t (a, b) from stdin;\n1\tit\'s "odd;\n\\N\t\\\\\n\\.\nselect 2;\n  \\echo done\n',
    )
    expect(statements.map(({ line, kind }) => [line, kind])).toEqual([
      [2, 'CopyStmt'],
      [6, 'SelectStmt'],
    ])
    expect(metaCommands).toEqual([
      { line: 1, text: '\\set x 1' },
      { line: 7, text: '\\echo done' },
    ])
  })

  it('may hold a line that begins with a backslash inside a string', async () => {
    const { statements, metaCommands } = await read("insert into t values (E'a\n\\n b');")
    expect([statements.length, metaCommands]).toEqual([1, []])
    expect(statements[0]!.text).toContain('\\n b')
  })

  it('may be empty', async () => {
    expect((await read('')).statements).toEqual([])
    expect((await read('-- later\n;\n')).statements).toEqual([])
  })

  it.each([
    ['select 1;\nselekt 2;', 'sql.syntax', { line: 2, column: 1 }],
    ['\\c shop\nselekt 2;', 'sql.syntax', { line: 2, column: 1 }],
    ["select ':a', :b;", 'sql.syntax', { line: 1, column: 14 }],
    ['select 1;\n\0', 'sql.nul', { line: 2 }],
    [Uint8Array.of(0xff, 0xfe, 0x73, 0x00), 'sql.encoding', {}],
    [`select 1;${'select 22;'.repeat(400_000)}`, 'sql.too-long', {}],
  ])('%.20s is refused with its place', async (text, code, details) => {
    await expect(read(text)).rejects.toMatchObject({ code, details: { file: '0042.sql', ...details } })
  })

  it('with variables of psql gets an error that says so', async () => {
    await expect(read('select :b;')).rejects.toMatchObject({
      hint: expect.stringContaining('variables of psql'),
    })
  })
})
