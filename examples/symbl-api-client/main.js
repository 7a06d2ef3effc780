// Submits a short call to trackerbell's engine and reads it back with Symbl's
// npm client, which knows tokens and conversations, but neither submissions nor
// trackers: for those fetch is enough.
//
//	APP_ID=me APP_SECRET=secret node main.js http://127.0.0.1:8090
import {promisify} from 'node:util';
import {setTimeout as pause} from 'node:timers/promises';
import symbl from '@symblai/api-client';

const engine = process.argv[2] ?? 'http://127.0.0.1:8090';

// All that is new for code that spoke to hosted Symbl:
symbl.ApiClient.instance.basePath = engine;

// call makes a method with a callback, as the client has them, into a promise.
const call = (api, method, ...args) => promisify(api[method].bind(api))(...args);

const {accessToken} = await call(new symbl.AuthenticationApi(), 'generateToken', {
  type: 'application', appId: process.env.APP_ID, appSecret: process.env.APP_SECRET,
});
symbl.ApiClient.instance.authentications.jwt.apiKey = accessToken;

async function ask(method, path, body) {
  const answer = await fetch(engine + path, {
    method, headers: {'x-api-key': accessToken, 'Content-Type': 'application/json'}, body: body && JSON.stringify(body),
  });
  const data = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${data.message}`);
  return data;
}

const said = (name, content) => ({payload: {content, contentType: 'text/plain'}, from: {name, userId: `${name}@example.com`}});
const {conversationId, jobId} = await ask('POST', '/v1/process/text', {
  name: 'npm example',
  messages: [said('Ann', "We're running a sale right now."), said('Bob', 'How much is it?')],
  trackers: [{name: 'Promotion Mention', vocabulary: ['run sale', 'We have a sale right now']}],
});
let job;
do {
  await pause(100);
  job = await ask('GET', `/v1/job/${jobId}`);
} while (job.status !== 'completed' && job.status !== 'failed');
if (job.status === 'failed') throw new Error(`the job failed: ${job.error}`);

const conversations = new symbl.ConversationsApi();
const show = (what, value) => console.log(`${what}:`, JSON.stringify(value));
const {name, type} = await call(conversations, 'getConversationById', conversationId);
show('conversation', {name, type});
const {messages} = await call(conversations, 'getMessagesByConversationId', conversationId);
show('messages', messages.map((m) => `${m.from.name}: ${m.text}`));
const {members} = await call(conversations, 'getMembersByConversationId', conversationId);
show('members', members.map((m) => m.name));
const {questions} = await call(conversations, 'getQuestionsByConversationId', conversationId);
show('questions', questions.map((q) => q.text));
const trackers = await ask('GET', `/v1/conversations/${conversationId}/trackers`);
show('trackers', trackers.flatMap((t) => t.matches.map((m) => `${t.name}: ${m.value}`)));
try {
  await call(conversations, 'getTopicsByConversationId', conversationId);
} catch (refused) {
  show('topics', `${refused.status} ${JSON.parse(refused.response.text).message}`);
}
await ask('DELETE', `/v1/conversations/${conversationId}`);
