// Starts `trackerbell serve`, has the vendors' packages sign webhooks for it,
// spoils them, and has the packages verify what `trackerbell send` signs.
//   usage: node interop.mjs PATH-OF-TRACKERBELL
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { config, secrets } from './sources.mjs';
import { signed, verified } from './signed.mjs';

const binary = process.argv[2];
const publicURL = 'https://calls.example.com';
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'interop-'));
const file = path.join(dir, 'trackerbell.yaml');
let failures = 0;
let checks = 0;

function check(what, holds, detail = '') {
  checks += 1;
  if (!holds) failures += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'}  ${what}${holds ? '' : `: ${detail}`}`);
}

const freePort = () => new Promise((resolve) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

async function post(base, request) {
  const to = request.url.replace(publicURL, base);
  const response = await fetch(to, { method: 'POST', headers: request.headers, body: request.body });
  return { status: response.status, text: await response.text() };
}

const accepted = (name) => (/^(zoom|telnyx|ringcentral)/.test(name) ? 200 : 202);
const bodyIsSigned = (name) => !/^(aircall|eventbridge|ringcentral)/.test(name);

// spoil gives the request with one byte of its body changed, and with one
// character of each header that carries a signature changed.
function* spoil(name, request) {
  const flip = (text, at) => text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);
  if (bodyIsSigned(name)) {
    yield ['body', { ...request, body: flip(request.body, Math.floor(request.body.length / 2)) }];
    yield ['longer body', { ...request, body: request.body + (name.startsWith('dialpad') ? 'A' : '&a=b') }];
  } else if (name.startsWith('aircall')) {
    yield ['token', { ...request, body: request.body.replace(secrets.aircall, flip(secrets.aircall, 3)) }];
  }
  for (const header of Object.keys(request.headers).filter((h) => /signature|authorization|timestamp|webhook-id|nonce|-token/.test(h))) {
    const value = request.headers[header];
    yield [header, { ...request, headers: { ...request.headers, [header]: flip(value, value.length - 6) } }];
    const without = { ...request.headers };
    delete without[header];
    yield [`no ${header}`, { ...request, headers: without }];
  }
  if (request.url.includes('?')) yield ['query', { ...request, url: request.url.replace('?', '?x=1&') }];
}

async function receive(base) {
  for (const [name, sign] of Object.entries(signed)) {
    const source = name.split(':')[0];
    const id = `interop-${name.replace(/[^a-z]/gi, '')}`;
    const request = await sign(`${publicURL}/webhooks/${source}`, id);
    for (const [what, bad] of spoil(name, request)) {
      const answer = await post(base, bad);
      check(`${name} is refused with another ${what}`, answer.status === 401, `${answer.status} ${answer.text}`);
    }
    for (const duplicate of [false, true]) {
      const answer = await post(base, request);
      const want = JSON.stringify({ recording: `${source}.${id}`, duplicate });
      check(`${name} is accepted${duplicate ? ' again, as a duplicate' : ''}`,
        answer.status === accepted(name) && answer.text.trim() === want, `${answer.status} ${answer.text}`);
    }
  }
}

// capture runs `trackerbell send` against a listener and gives what it sent.
async function capture(source) {
  const port = await freePort();
  let got;
  const listener = http.createServer((req, res) => {
    const chunks = [];
    req.on('data', (c) => chunks.push(c));
    req.on('end', () => {
      got = { url: publicURL + req.url, headers: req.headers, body: Buffer.concat(chunks).toString() };
      res.writeHead(202, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise((resolve) => { listener.listen(port, '127.0.0.1', resolve); });
  const args = ['send', source, '--config', file, '--url', `http://127.0.0.1:${port}`, '--id', 'sent-1', '--from', '+14155552671',
    '--direction', 'inbound', '--recording-url', 'https://media.example.com/call.wav?a=b&c=%20d'];
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await new Promise((resolve) => { child.on('exit', resolve); });
  listener.close();
  return got;
}

async function send() {
  for (const source of Object.keys(verified)) {
    try {
      await verified[source](await capture(source));
      check(`send signs as ${source} does`, true);
    } catch (error) {
      check(`send signs as ${source} does`, false, error.message);
    }
  }
}

async function ready(url) {
  for (let tries = 0; tries < 300; tries += 1) {
    try {
      if ((await fetch(url)).ok) return;
    } catch { /* not listening yet */ }
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  throw new Error('trackerbell serve does not become ready');
}

const [publicPort, adminPort] = [await freePort(), await freePort()];
fs.writeFileSync(file, config(`127.0.0.1:${publicPort}`, `127.0.0.1:${adminPort}`, publicURL, path.join(dir, 'data')));
const service = spawn(binary, ['serve', '--config', file], { stdio: ['ignore', 'ignore', fs.openSync(path.join(dir, 'log'), 'w')] });
const ended = new Promise((resolve) => { service.on('exit', resolve); });
try {
  await ready(`http://127.0.0.1:${adminPort}/readyz`);
  await receive(`http://127.0.0.1:${publicPort}`);
  await send();
  const log = fs.readFileSync(path.join(dir, 'log'), 'utf8');
  for (const [name, secret] of Object.entries(secrets)) {
    check(`the log does not hold the secret of ${name}`, !log.includes(secret));
  }
} finally {
  service.kill('SIGTERM');
  await ended;
  spawnSync('rm', ['-r', dir]);
}
console.log(`${checks} checks, ${failures} failed`);
process.exitCode = failures === 0 ? 0 : 1;
