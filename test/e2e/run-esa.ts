import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stopEmbeddedServer, stopSandbox } from '@esa/pg-server'

/** The checkout that is tested. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** How a command ended. */
export interface Ran {
  code: number | null
  stdout: string
  stderr: string
}

/** One world of its own: a home in a temporary folder, and the command line that works on it. */
export class EsaHome {
  readonly folder: string
  readonly home: string
  readonly #root: string
  readonly #running = new Set<ChildProcess>()

  private constructor(folder: string, root: string) {
    this.folder = folder
    this.#root = root
    this.home = join(folder, 'home')
  }

  /** `root` is the checkout whose command line works on it. */
  static async create(root = ROOT): Promise<EsaHome> {
    const folder = await mkdtemp(join(tmpdir(), 'esa-cli-'))
    // The embedded server runs as another user when the tests run as root, and must get in.
    await chmod(folder, 0o755)
    return new EsaHome(folder, root)
  }

  /** Runs `esa` as an operator would, in the checkout's root unless another folder is named. */
  run(args: string[], environment: NodeJS.ProcessEnv = {}, cwd = this.#root): Promise<Ran> {
    return ended(this.start(args, environment, cwd))
  }

  /** How a command is called, for a caller that starts it in this `environment`. */
  command(args: string[]): { command: string; args: string[] } {
    return { command: join(this.#root, 'bin/esa'), args: ['--home', this.home, ...args] }
  }

  get environment(): NodeJS.ProcessEnv {
    return { ESA_PORT: '0', ...ownEnvironment() }
  }

  /** Starts `esa` and leaves it running. */
  start(args: string[], environment: NodeJS.ProcessEnv = {}, cwd = this.#root): ChildProcess {
    const { command, args: all } = this.command(args)
    const child = spawn(command, all, {
      cwd,
      // Worlds beside each other: each takes the port that it gets.
      env: { ...this.environment, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.add(child)
    child.once('close', () => this.#running.delete(child))
    return child
  }

  /** The JSON answer of a command that must succeed. */
  async json<T>(...args: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run([...args, '--json'])
    if (code !== 0) throw new Error(`esa ${args.join(' ')} ended with ${code}: ${stderr}`)
    return JSON.parse(stdout)
  }

  /** The exit code and the problem of a command that must fail: nothing on stdout, JSON alone on stderr. */
  async refused(...args: string[]): Promise<{ code: number | null; problem: Problem }> {
    const { code, stdout, stderr } = await this.run([...args, '--json'])
    if (code === 0 || stdout !== '') throw new Error(`esa ${args.join(' ')} ended with ${code}: ${stdout}`)
    return { code, problem: JSON.parse(stderr) }
  }

  /** Stops the world with whatever a failed test left running, and removes it. */
  async remove(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL')
    // What `esa down` does, without a process for it, nor a checkpoint of what is removed.
    await stopSandbox({ home: this.home, remove: true })
    await stopEmbeddedServer({ home: this.home, mode: 'immediate' })
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** An error as problem+json. */
export interface Problem {
  code: string
  detail: string
  message: string
  hint?: string
  details?: Record<string, unknown>
}

/** Collects what a process prints until it ends. */
export async function ended(child: ChildProcess): Promise<Ran> {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, stdout, stderr }
}

/** Resolves with all that was printed when a process has printed `text` on stderr; rejects when it ends before. */
export async function says(child: ChildProcess, text: string): Promise<string> {
  let seen = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (more: string) => {
      seen += more
      if (seen.includes(text)) resolve()
    })
    child.once('close', () => reject(new Error(`it ended without "${text}": ${seen}`)))
  })
  return seen
}

/** Settings of a runtime come from the test, not from its caller. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(?:ESA_|OTEL_|DATABASE_URL$|REDIS_URL$|NO_COLOR$|FORCE_COLOR$|NODE_ENV$|VITEST)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}
