import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

/** The official client, connected over HTTP with a token; it speaks the newest protocol that both know. */
export async function mcpClient(url: string, token?: string): Promise<Client> {
  const client = new Client({ name: 'a model', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } }))
  // From now on it checks every answer by the schema that its tool declares.
  await client.listTools()
  return client
}

/** The data of a tool's answer. @throws Error with the refusal's code when it is refused. */
export async function call<T>(client: Caller, name: string, input: Record<string, unknown> = {}): Promise<T> {
  const { isError, content, structuredContent } = await client.callTool({ name, arguments: input })
  if (isError !== true) return (structuredContent as { data: T }).data
  const [said] = content as { text: string }[]
  throw new Error(said!.text)
}

/** The code of a refused call, or `done`. */
export async function outcome(
  client: Caller,
  name: string,
  input: Record<string, unknown> = {},
): Promise<string> {
  const { isError, content } = await client.callTool({ name, arguments: input })
  if (isError !== true) return 'done'
  const [said] = content as { text: string }[]
  try {
    return (JSON.parse(said!.text) as { code: string }).code
  } catch {
    return said!.text
  }
}

/** What the clients of both generations have. */
interface Caller {
  callTool(call: { name: string; arguments: Record<string, unknown> }): Promise<{ [key: string]: unknown }>
}
