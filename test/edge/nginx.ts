import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The file that docs/deploy.md tells to install. */
const DOCUMENTED = fileURLToPath(new URL('../../docs/deploy/nginx.conf', import.meta.url))

/** Debian's, which is not on every PATH. */
const NGINX = ['nginx', '/usr/sbin/nginx'].find((path) => spawnSync(path, ['-v']).status === 0)

/** Without an nginx its tests are skipped, loudly. */
export const HAS_NGINX = NGINX !== undefined
if (!HAS_NGINX)
  process.stderr.write('\n!! no nginx here: its tests are SKIPPED (apt-get install nginx-light)\n\n')

/** A nginx that runs. */
export interface Nginx {
  port: number
  stop(): Promise<void>
}

/** Runs the documented file: its places on this machine are replaced, and nothing else of it. */
export async function startNginx(upstream: string): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'esa-nginx-'))
  const [port, plain] = [await freePort(), await freePort()]
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const subject = ['-subj', '/CN=esa.example.org', '-days', '2', '-nodes']
  const files = ['-keyout', key, '-out', certificate]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', ...subject, ...files], { stdio: 'ignore' })
  const site = (await readFile(DOCUMENTED, 'utf8'))
    .replaceAll(/^ *listen \[::\].*\n/gm, '')
    .replace('listen 80;', `listen 127.0.0.1:${plain};`)
    .replace('listen 443 ', `listen 127.0.0.1:${port} `)
    .replace('http://127.0.0.1:4310', upstream)
    .replace(/ssl_certificate .*;/, `ssl_certificate ${certificate};`)
    .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${key};`)
  await writeFile(join(folder, 'esa.conf'), site)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  )
  await writeFile(
    join(folder, 'nginx.conf'),
    `${process.getuid?.() === 0 ? 'user root;' : ''} pid ${folder}/pid; worker_processes 1; error_log ${folder}/error.log;
     events { worker_connections 1024; }
     http { access_log off; ${temporary.join(' ')} include ${folder}/esa.conf; }`,
  )
  const running = spawn(NGINX!, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  running.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(running, 'exit')
  const stop = async (): Promise<void> => {
    running.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true })
  }
  const died = ended.then(async () => {
    const log = await readFile(join(folder, 'error.log'), 'utf8').catch(() => '')
    throw new Error(`nginx ended: ${said}${log}`)
  })
  await Promise.race([listening(port), died])
  died.catch(() => {})
  return { port, stop }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** Resolves when a server takes connections there. */
async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect({ host: '127.0.0.1', port })
    const open = await new Promise<boolean>((resolve) =>
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
    )
    socket.destroy()
    if (open) return
    await new Promise((resolve) => setImmediate(resolve))
  }
}
