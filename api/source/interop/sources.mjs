// The secrets of the test, and the configuration that has them.
import crypto from 'node:crypto';

const pair = crypto.generateKeyPairSync('ed25519');
const raw = (key, type) => key.export({ format: 'der', type }).subarray(-32);
const seed = raw(pair.privateKey, 'pkcs8');
const point = raw(pair.publicKey, 'spki');

export const telnyx = {
  privateKey: pair.privateKey,
  publicKey: point.toString('base64'),
  pair: Buffer.concat([seed, point]).toString('base64'),
};

export const secrets = {
  twilio: crypto.randomBytes(16).toString('hex'),
  signalwire: `PSK_${crypto.randomBytes(16).toString('hex')}`,
  generic: `whsec_${crypto.randomBytes(32).toString('base64')}`,
  zoom: crypto.randomBytes(11).toString('hex'),
  vonage: crypto.randomBytes(25).toString('hex'),
  telnyx: telnyx.pair,
  aircall: crypto.randomBytes(16).toString('hex'),
  dialpad: crypto.randomBytes(24).toString('hex'),
  plivo: crypto.randomBytes(20).toString('hex'),
  eventbridge: crypto.randomBytes(20).toString('hex'),
  ringcentral: crypto.randomBytes(20).toString('hex'),
};

// config is the YAML of a service with one source for each provider.
export function config(publicAddr, adminAddr, publicURL, dataDir) {
  const sources = Object.entries(secrets).map(([name, secret]) => ({ name, provider: name, secret }));
  return JSON.stringify({
    server: { addr: publicAddr, publicURL },
    admin: { addr: adminAddr },
    nats: { dataDir, sync: 'interval' },
    sources,
  });
}
