import type { ChildProcess } from 'node:child_process'
import { EsaHome } from '../e2e/run-esa.ts'
import { TestBrowser } from './browser.ts'

/** A running world with its console, and a browser before it. */
export interface ConsoleWorld {
  esa: EsaHome
  browser: TestBrowser
  url: string
  /** The process that serves it. */
  up: ChildProcess
  close(): Promise<void>
}

/** Starts `esa up` in a home of its own, and a browser. */
export async function consoleWorld(environment: NodeJS.ProcessEnv = {}): Promise<ConsoleWorld> {
  const esa = await EsaHome.create()
  const up = esa.start(['up'], environment)
  const [url, browser] = await Promise.all([addressOf(up), TestBrowser.launch()])
  return {
    esa,
    browser,
    url,
    up,
    async close() {
      await browser.close()
      await esa.remove()
    },
  }
}

/** The address that `esa up` names on its ready line. */
function addressOf(up: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    up.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const url = /^ready.*?(http:\/\/\S+)/m.exec(said)?.[1]
      if (url !== undefined) resolve(url)
    })
    up.once('close', () => reject(new Error(`esa up ended: ${said}`)))
  })
}
