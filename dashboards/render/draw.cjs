// Draws pages of boards: node draw.cjs JOB.json
//
// The job: {chromium, assets, icons, fonts, page, jobs: [{input: FILE, out: PNG, theme, width, name}]}. A line of JSON for
// each picture: {name, problems: [{panel, message}], text: what is to be read in it}. node_modules are found by NODE_PATH.

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const puppeteer = require('puppeteer-core');

const DRAWN_MS = 60_000;
const QUIET_MS = 150;
const LOW = 300;
const TYPES = { '.svg': 'image/svg+xml', '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html', '.otf': 'font/otf' };
const NO_ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"></svg>';

/** Where a page's file lies, and what stands for it where the libraries come without it: a few icons, the fonts. */
function placed({ assets, icons, fonts, page }, name) {
  if (name === '/') return [page];
  if (name === '/favicon.ico') return [null, ''];
  if (name.startsWith('/public/build/')) return [path.join(icons, path.normalize(name.slice('/public/build'.length))), NO_ICON];
  if (name.startsWith('/public/fonts/')) return [fonts && path.join(fonts, `${path.basename(name, '.woff2')}.otf`), ''];
  return [path.join(assets, path.normalize(name))];
}

function served(given) {
  return http.createServer((request, response) => {
    const [file, instead] = placed(given, new URL(request.url, 'http://page').pathname);
    const body = file && fs.existsSync(file) ? fs.readFileSync(file) : instead;
    const type = TYPES[path.extname(file ?? '')] ?? 'application/octet-stream';
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type }).end(body ?? '');
  });
}

/** Until every panel said that it is drawn, nothing is fetched, and nothing has changed for a while. */
async function settled(page) {
  await page.waitForFunction(
    'window.state && (window.state.problems.length || Object.keys(window.state.drawn).length >= window.state.expected)',
    { timeout: DRAWN_MS, polling: 50 }
  );
  await page.waitForNetworkIdle({ idleTime: QUIET_MS, timeout: DRAWN_MS });
  await page.evaluate(async (quiet, longest) => {
    await document.fonts.ready;
    await new Promise((done) => {
      let timer = setTimeout(done, quiet);
      const watcher = new MutationObserver(() => {
        clearTimeout(timer);
        timer = setTimeout(done, quiet);
      });
      watcher.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
      setTimeout(done, longest);
    });
    // What was asked to be painted is painted by the second frame from here.
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }, QUIET_MS, 5_000);
}

async function draw(browser, url, job) {
  const problems = [];
  let text = '';
  const page = await browser.newPage();
  try {
    page.on('pageerror', (error) => problems.push({ panel: 'the page', message: String(error.message ?? error) }));
    page.on('console', (said) => {
      if (said.type() === 'error') problems.push({ panel: 'the page', message: `console: ${said.text()}` });
    });
    page.on('response', (answer) => {
      if (answer.status() >= 400) problems.push({ panel: 'the page', message: `${answer.status()} for ${answer.url()}` });
    });
    await page.setViewport({ width: job.width, height: LOW });
    await page.emulateTimezone('UTC');
    const input = JSON.parse(fs.readFileSync(job.input, 'utf8'));
    await page.evaluateOnNewDocument((given) => {
      window.input = given;
      window.grafanaBootData = { settings: {}, user: {}, navTree: [] };
    }, { ...input, theme: job.theme, width: job.width });
    await page.goto(url);
    try {
      await settled(page);
      // As high as the board is, before the picture: what is below the edge is drawn as what is above it.
      const height = await page.evaluate(() => Math.ceil(document.getElementById('root').getBoundingClientRect().height));
      await page.setViewport({ width: job.width, height });
      await settled(page);
    } catch (error) {
      const missing = await page.evaluate(() => window.input.board.panels.filter((panel) => panel.type !== 'row' && !window.state?.drawn[panel.id]).map((panel) => panel.title));
      problems.push(...missing.map((panel) => ({ panel, message: `not drawn: ${error.message}` })));
    }
    problems.push(...(await page.evaluate(() => window.state?.problems ?? [])));
    text = await page.evaluate(() => document.body.innerText);
    fs.mkdirSync(path.dirname(job.out), { recursive: true });
    await page.screenshot({ path: job.out });
  } finally {
    await page.close();
  }
  return { name: job.name, problems, text };
}

async function main(given) {
  const server = served(given);
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${server.address().port}/`;
  // Without a sandbox: root has none, and the page is ours. The rest keeps Chromium from talking to anybody.
  const browser = await puppeteer.launch({
    executablePath: given.chromium,
    headless: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--hide-scrollbars', '--force-color-profile=srgb'],
  });
  try {
    for (const job of given.jobs) {
      process.stdout.write(JSON.stringify(await draw(browser, url, job)) + '\n');
    }
  } finally {
    await browser.close();
    server.close();
  }
}

main(JSON.parse(fs.readFileSync(process.argv[2], 'utf8'))).catch((error) => {
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exit(1);
});
