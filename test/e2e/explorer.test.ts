import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { eventually } from '../support/eventually.ts'
import { post } from '../support/graphql.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const executablePath = '/usr/bin/chromium'
const found = existsSync(executablePath)
if (!found && process.env.CI)
  throw new Error(`CI has to install Chromium: there is none at ${executablePath}.`)
if (!found) console.warn(`SKIPPED: the explorer in a browser. There is no Chromium at ${executablePath}.`)

/** Without these, Chromium looks for its maker's servers, and as root it refuses to start. */
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']
const offline = ['--disable-background-networking', '--disable-component-update']

;(found ? describe : describe.skip)('the explorer in a browser', () => {
  let folder: TemporaryFolder
  let platform: TestPlatform
  let browser: Browser
  let page: Page
  const elsewhere: string[] = []
  const faults: string[] = []

  beforeAll(async () => {
    folder = await makeTemporaryFolder()
    platform = await startPlatform({ dataDirectory: join(folder.path, 'data'), args: [] })
    browser = await chromium.launch({ executablePath, args: [...quiet, ...offline] })
    page = await browser.newPage({ viewport: { width: 1400, height: 850 } })
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url())
      if (protocol.startsWith('http') && origin !== platform.url) elsewhere.push(origin)
    })
    page.on('pageerror', (error) => faults.push(String(error)))
    await page.goto(platform.url)
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await platform?.stop()
    await folder?.[Symbol.asyncDispose]()
  }, 30_000)

  const use = async (apiKey: string) => {
    await page.fill('input[name=apiKey]', apiKey)
    await page.click('text=Use')
    await page.waitForSelector('.graphiql-query-editor .view-lines')
  }
  const type = async (operation: string) => {
    await page.click('.graphiql-query-editor .view-lines')
    await page.keyboard.press('Control+A')
    await page.keyboard.insertText(operation)
    // The brace that the editor has closed by itself.
    await page.keyboard.press('Control+Shift+End')
    await page.keyboard.press('Delete')
  }
  const answer = () => page.locator('.graphiql-response .view-lines')

  test('the page loads without a credential, and shows no schema', async () => {
    await page.waitForSelector('.welcome')
    expect(await page.locator('.graphiql-container').count()).toBe(0)
  })

  test('a key opens the schema of its client', async () => {
    await use(platform.demo.clients.acme?.secretKey ?? '')
    await page.click('[aria-label="Show Documentation Explorer"]')
    await page.fill('.graphiql-doc-explorer-search input', 'loyaltyTier')
    await page.locator('[role=option]', { hasText: 'loyaltyTier' }).first().waitFor()
    await page.keyboard.press('Escape')
    await page.click('[aria-label="Hide Documentation Explorer"]')
  })

  test('a query is answered', async () => {
    await type('{ collections { edges { node { name } } } }')
    await page.click('.graphiql-execute-button')
    await answer().getByText('"orders"').waitFor()
  })

  test('a subscription shows what another connection does', async () => {
    const apiKey = platform.demo.clients.acme?.secretKey ?? ''
    await type('subscription { recordChanged(collection: "orders") { type record { data } } }')
    await page.click('.graphiql-execute-button')
    // Nothing in the page says that the subscription is live: orders come in until one is shown.
    await eventually('an order is shown', async () => {
      await post(
        platform.endpoint,
        { 'x-api-key': apiKey },
        {
          query:
            'mutation { createRecord(collection: "orders", data: { total: 4321, status: "open" }) { id } }',
        },
      )
      return (await answer().textContent())?.includes('4321')
    })
    if (process.env.TRELLIS_TEST_SCREENSHOT)
      await page.screenshot({ path: process.env.TRELLIS_TEST_SCREENSHOT })
  })

  test('a partner key shows its contract and nothing else', async () => {
    await use(platform.demo.clients.acme?.partnerKey ?? '')
    await page.click('[aria-label="Show Documentation Explorer"]')
    const documentation = page.locator('.graphiql-doc-explorer')
    await eventually('the documentation is that of the contract', async () => {
      const text = (await documentation.textContent()) ?? ''
      return text.includes('Query') && !text.includes('Mutation')
    })
    const found = async (name: string) => {
      await page.fill('.graphiql-doc-explorer-search input', name)
      return page.locator('[role=option]', { hasText: name })
    }
    await (await found('totalCount')).first().waitFor()
    expect(await (await found('unreadCount')).count()).toBe(0)
    await page.keyboard.press('Escape')
    await page.click('[aria-label="Hide Documentation Explorer"]')
    await type('{ me { email } }')
    await page.click('.graphiql-execute-button')
    await answer().getByText('GRAPHQL_VALIDATION_FAILED').waitFor()
  })

  test('everything comes from the gateway itself, and nothing fails in the page', () => {
    expect(elsewhere).toEqual([])
    expect(faults).toEqual([])
  })
})
