// Requests as each provider sends them, signed by the vendor's own package
// where it has one that signs, and else by a formula that the vendor's package
// is asked to confirm.
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import jsonwebtoken from 'jsonwebtoken';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { CloudEvent, HTTP } from 'cloudevents';
import { verifySignature as vonageVerifies } from '@vonage/jwt';
import { secrets, telnyx } from './sources.mjs';

const require = createRequire(import.meta.url);
const twilio = require('twilio/lib/webhooks/webhooks.js');
const plivo = require('plivo');
const { Telnyx } = require('telnyx');

const JSON_TYPE = { 'content-type': 'application/json' };
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' };
const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');
const now = () => Math.floor(Date.now() / 1000);
const form = (params) => new URLSearchParams(params).toString();
const media = 'https://media.example.com/call.wav?a=b&c=%20d';

const must = (holds, what) => {
  if (!holds) throw new Error(`${what} does not confirm what this test signs`);
};

function twilioForm(url, id) {
  const params = {
    AccountSid: 'AC1', CallSid: 'CA1', RecordingSid: id, RecordingStatus: 'completed', RecordingChannels: '2',
    RecordingDuration: '94', RecordingSource: 'DialVerb', RecordingUrl: 'https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1',
    From: '+1 (415) 555-2671', Empty: '', Odd: 'naïve & <b> ☎ %41+',
  };
  return { params, body: form(params), url: `${url}?agent=ana&q=a%20b` };
}

const vonageBody = (id) => JSON.stringify({
  start_time: '2026-11-23T20:00:00.000Z', end_time: '2026-11-23T20:01:34.000Z', recording_url: 'https://api.nexmo.com/v1/files/1',
  size: 12222, recording_uuid: id, conversation_uuid: 'CON-1', timestamp: '2026-11-23T20:01:35.000Z',
});

const genericBody = (id) => JSON.stringify({ id, recordingUrl: media, from: '+14155552671', agent: 'Ana ☎' });

// signed gives, by name, a function of a source's URL and a recording's id.
export const signed = {
  'twilio: form': (url, id) => {
    const t = twilioForm(url, id);
    const headers = { ...FORM_TYPE, 'x-twilio-signature': twilio.getExpectedTwilioSignature(secrets.twilio, t.url, t.params) };
    return { url: t.url, headers, body: t.body };
  },
  'twilio: JSON': (url, id) => {
    const body = JSON.stringify(twilioForm(url, id).params);
    const full = `${url}?agent=ana&bodySHA256=${twilio.getExpectedBodyHash(body)}`;
    return { url: full, headers: { ...JSON_TYPE, 'x-twilio-signature': twilio.getExpectedTwilioSignature(secrets.twilio, full, {}) }, body };
  },
  'signalwire: form': (url, id) => {
    const t = twilioForm(url, id);
    const headers = { ...FORM_TYPE, 'x-signalwire-signature': twilio.getExpectedTwilioSignature(secrets.signalwire, t.url, t.params) };
    return { url: t.url, headers, body: t.body };
  },
  'generic: standardwebhooks': (url, id) => {
    const body = genericBody(id);
    const signature = new StandardWebhook(secrets.generic).sign('msg_1', new Date(), body);
    return { url, headers: { ...JSON_TYPE, 'webhook-id': 'msg_1', 'webhook-timestamp': `${now()}`, 'webhook-signature': signature }, body };
  },
  'generic: svix': (url, id) => {
    const body = genericBody(id);
    const signature = new SvixWebhook(secrets.generic).sign('msg_2', new Date(), body);
    return { url, headers: { ...JSON_TYPE, 'webhook-id': 'msg_2', 'webhook-timestamp': `${now()}`, 'webhook-signature': signature }, body };
  },
  'generic: cloudevents': (url, id) => {
    const event = new CloudEvent({ type: 'com.example.recording', source: '/pbx', data: JSON.parse(genericBody(id)) });
    const { headers, body } = HTTP.structured(event);
    const signature = new StandardWebhook(secrets.generic).sign('msg_3', new Date(), body);
    return { url, headers: { ...headers, 'webhook-id': 'msg_3', 'webhook-timestamp': `${now()}`, 'webhook-signature': signature }, body };
  },
  'zoom: node:crypto': (url, id) => {
    const body = JSON.stringify({
      event: 'phone.recording_completed', event_ts: Date.now(),
      payload: { account_id: 'a', object: { recordings: [{ id, download_url: 'https://zoom.us/v2/phone/recording/download/1', caller_name: 'Zoë' }] } },
    });
    const hmac = crypto.createHmac('sha256', secrets.zoom).update(`v0:${now()}:${body}`).digest('hex');
    return { url, headers: { ...JSON_TYPE, 'x-zm-request-timestamp': `${now()}`, 'x-zm-signature': `v0=${hmac}` }, body };
  },
  'vonage: jsonwebtoken, @vonage/jwt': (url, id) => {
    const body = vonageBody(id);
    const claims = { iat: now(), jti: crypto.randomUUID(), iss: 'Vonage', payload_hash: sha256(body), api_key: 'k', application_id: 'app' };
    const token = jsonwebtoken.sign(claims, secrets.vonage, { algorithm: 'HS256' });
    must(vonageVerifies(token, secrets.vonage), '@vonage/jwt');
    return { url, headers: { ...JSON_TYPE, authorization: `Bearer ${token}` }, body };
  },
  'telnyx: telnyx': async (url, id) => {
    const body = JSON.stringify({
      data: { record_type: 'event', event_type: 'call.recording.saved', id: crypto.randomUUID(),
        payload: { recording_id: id, channels: 'dual', recording_urls: { mp3: media } } },
    });
    const signature = crypto.sign(null, Buffer.from(`${now()}|${body}`), telnyx.privateKey).toString('base64');
    const headers = { ...JSON_TYPE, 'telnyx-timestamp': `${now()}`, 'telnyx-signature-ed25519': signature };
    await telnyxUnwraps(body, headers);
    return { url, headers, body };
  },
  'aircall: token in the body': (url, id) => ({
    url, headers: JSON_TYPE,
    body: JSON.stringify({ resource: 'call', event: 'call.ended', timestamp: now(), token: secrets.aircall, data: { id, recording: media } }),
  }),
  'dialpad: jsonwebtoken': (url, id) => ({
    url, headers: { 'content-type': 'application/jwt' },
    body: jsonwebtoken.sign({ state: 'recording', call_id: 1, event_timestamp: Date.now(), recording_details: [{ id, url: media }] },
      secrets.dialpad, { algorithm: 'HS256' }),
  }),
  'plivo: plivo': (url, id) => {
    const params = { RecordUrl: media, RecordingID: id, CallUUID: 'c1', From: '14155552671', Odd: 'naïve & ☎' };
    const full = `${url}?tenant=acme&b=2`;
    const pairs = Object.keys(params).sort().map((k) => k + params[k]).join('');
    const message = `${url}?b=2&tenant=acme.${pairs}.12345`;
    const signature = crypto.createHmac('sha256', secrets.plivo).update(message).digest('base64');
    must(plivo.validateV3Signature('POST', full, '12345', secrets.plivo, signature, { ...params }), 'plivo');
    return { url: full, headers: { ...FORM_TYPE, 'x-plivo-signature-v3': signature, 'x-plivo-signature-v3-nonce': '12345' }, body: form(params) };
  },
  'eventbridge: bearer': (url, id) => ({
    url, headers: { ...JSON_TYPE, authorization: `Bearer ${secrets.eventbridge}` },
    body: JSON.stringify({ 'detail-type': 'Recording', source: 'acme', detail: { id, recordingUrl: media } }),
  }),
  'ringcentral: token in a header': (url, id) => ({
    url, headers: { ...JSON_TYPE, 'verification-token': secrets.ringcentral },
    body: JSON.stringify({
      uuid: crypto.randomUUID(), event: '/restapi/v1.0/account/1/telephony/sessions',
      body: { telephonySessionId: 's-1', parties: [{ status: { code: 'Disconnected' }, recordings: [{ id, active: false }] }] },
    }),
  }),
};

async function telnyxUnwraps(body, headers) {
  await new Telnyx({ apiKey: 'none', publicKey: telnyx.publicKey }).webhooks.unwrap(body, { headers });
}

// verified asks the vendor's package about a request that `trackerbell send`
// made: {url, headers, body}. It throws what the package throws.
export const verified = {
  twilio: (r) => must(twilio.validateRequest(secrets.twilio, r.headers['x-twilio-signature'], r.url, params(r)), 'twilio'),
  signalwire: (r) => must(twilio.validateRequest(secrets.signalwire, r.headers['x-signalwire-signature'], r.url, params(r)), 'twilio'),
  generic: (r) => {
    new StandardWebhook(secrets.generic).verify(r.body, r.headers);
    new SvixWebhook(secrets.generic).verify(r.body, r.headers);
  },
  zoom: (r) => {
    const message = `v0:${r.headers['x-zm-request-timestamp']}:${r.body}`;
    const want = `v0=${crypto.createHmac('sha256', secrets.zoom).update(message).digest('hex')}`;
    must(want === r.headers['x-zm-signature'], 'the documented formula');
  },
  vonage: (r) => {
    const token = r.headers.authorization.replace('Bearer ', '');
    must(vonageVerifies(token, secrets.vonage), '@vonage/jwt');
    must(jsonwebtoken.verify(token, secrets.vonage, { algorithms: ['HS256'], issuer: 'Vonage' }).payload_hash === sha256(r.body), 'payload_hash');
  },
  telnyx: (r) => telnyxUnwraps(r.body, r.headers),
  aircall: (r) => must(JSON.parse(r.body).token === secrets.aircall, 'the token'),
  dialpad: (r) => must(jsonwebtoken.verify(r.body, secrets.dialpad, { algorithms: ['HS256'] }).state === 'recording', 'jsonwebtoken'),
  plivo: (r) => must(plivo.validateV3Signature('POST', r.url, r.headers['x-plivo-signature-v3-nonce'], secrets.plivo,
    r.headers['x-plivo-signature-v3'], params(r)), 'plivo'),
  eventbridge: (r) => must(r.headers.authorization === `Bearer ${secrets.eventbridge}`, 'the bearer'),
  ringcentral: (r) => must(r.headers['verification-token'] === secrets.ringcentral, 'the token'),
};

const params = (r) => Object.fromEntries(new URLSearchParams(r.body));
