// A room of a real Synapse: a customer writes there, it is on the desk on her case, and she gets one reply, there; also when what the server
// says is lost, when it stops meanwhile, and when the key is over.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open, reloaded } from "../lib/browser.js";
import { answer, company, connect, lossy, peer, renew, say } from "../lib/peers.js";
import { eventually } from "../lib/tenon.js";

const server = peer("synapse");
const { skip } = server;
const number = Date.now();
let desk, ines, shop, room, thread;

/** Somebody with a client of her own. */
async function person(name, password = "tenon-test-only") {
  const one = { name };
  one.call = async (method, path, body) => {
    const headers = { "content-type": "application/json", ...(one.token && { authorization: `Bearer ${one.token}` }) };
    const answer = await fetch(`${server.url}/_matrix/client/v3/${path}`, { method, headers, body: body && JSON.stringify(body) });
    const said = await answer.json();
    assert.ok(answer.ok, `${path}: ${JSON.stringify(said)}`);
    return said;
  };
  one.signIn = async () => {
    one.token = undefined;
    one.token = (await one.call("POST", "login", { type: "m.login.password", identifier: { type: "m.id.user", user: name }, password })).access_token;
  };
  one.say = async (text, to) => {
    const content = { msgtype: "m.text", body: text, ...(to && { "m.relates_to": { "m.in_reply_to": { event_id: to } } }) };
    return (await one.call("PUT", `rooms/${encodeURIComponent(one.room ?? room)}/send/m.room.message/${name}-${Math.random()}`, content)).event_id;
  };
  const made = await one.call("POST", "register", { auth: { type: "m.login.dummy" }, username: name, password });
  one.id = made.user_id;
  one.token = made.access_token;
  return one;
}

/** What the company said in the room, as the server tells the customer, oldest first. */
async function replies() {
  const all = await ines.call("GET", `rooms/${encodeURIComponent(room)}/messages?dir=f&limit=200`);
  return all.chunk.filter((e) => e.type === "m.room.message" && e.sender === shop.id);
}

before(async () => {
  if (skip) return;
  ines = await person(`ines${number}`);
  shop = await person(`shop${number}`);
  room = (await ines.call("POST", "createRoom", { invite: [shop.id] })).room_id;
  await shop.call("POST", `join/${encodeURIComponent(room)}`, {});
  desk = await company(await lossy(server.url, (asked) => asked.method === "PUT"), ines.id);
});
after(() => desk?.stop());

test("Matrix is connected on the page", { skip }, async () => {
  await connect(desk, "Matrix", { server: desk.way.url }, ["token", shop.token], shop.id);
});

test("what a customer writes in a room is on the desk, on her case, and she gets one reply there", { skip }, async () => {
  const asked = await ines.say("When does the <b>pump</b> come?");
  await eventually("it is on the desk", async () => (await desk.queue()).length === 1);
  [thread] = await desk.queue();
  assert.deepEqual([thread.case, thread.reason, thread.sure], ["Saari Brewing", "Her handle is the contact of the case.", 90]);
  await answer(desk, thread, "It left this morning: <b>done</b>.");
  const [reply, ...more] = await replies();
  assert.deepEqual(more, [], "and no other");
  assert.equal(reply.content.body, "It left this morning: <b>done</b>. – Maren");
  assert.equal(reply.content["m.relates_to"]["m.in_reply_to"].event_id, asked);
  assert.deepEqual(reply.content["m.mentions"].user_ids, [ines.id]);
});

test("what she says then is in the same thread", { skip }, async () => {
  const [reply] = await replies();
  await ines.say("Thank you, and the invoice?", reply.event_id);
  await eventually("it is there", async () => (await desk.queue()).some((t) => t.id === thread.id && /invoice/.test(t.words)));
  assert.equal((await desk.queue()).length, 1);
  const { said } = await desk.thread(thread.id);
  assert.deepEqual(said.map((s) => s.ours), [false, true, false]);
});

test("whom no case knows is left for a person", { skip }, async () => {
  const ruth = await person(`ruth${number}`);
  ruth.room = (await ruth.call("POST", "createRoom", { invite: [shop.id] })).room_id;
  await shop.call("POST", `join/${encodeURIComponent(ruth.room)}`, {});
  await ruth.say("Good morning");
  await eventually("it is on the desk", async () => (await desk.queue()).length === 2);
  const hers = (await desk.queue()).find((t) => t.id !== thread.id);
  assert.deepEqual([hers.who, hers.case, hers.reason], [ruth.id, null, ""]);
});

test("a reply that waits while the server is down is there once when it is back", { skip: skip || server.fixed }, async () => {
  await server.stop();
  const { page, calm } = await open(desk.browser, `${desk.house.url}/desk/${thread.id}`, { session: desk.maren });
  await say(page, "It comes with the pump.");
  await eventually("the page says that it waits, and why", async () => {
    await reloaded(page);
    return /On its way, by Maren Voss.*Matrix: not reached/s.test(await page.textContent(".thread"));
  });
  await server.start();
  await eventually("it is answered", async () => (await desk.queue("done")).some((t) => t.id === thread.id));
  await new Promise((done) => setTimeout(done, 3000));
  assert.deepEqual((await replies()).map((r) => r.content.body), ["It left this morning: <b>done</b>. – Maren", "It comes with the pump. – Maren"]);
  await eventually("the channel is well again", async () => (await desk.connection()).error === null);
  calm();
});

test("a token that is over is said in words, and replaced without losing anything", { skip }, async () => {
  await shop.call("POST", "logout", {});
  await ines.say("Still there?");
  await shop.signIn();
  await renew(desk, "token", shop.token, /signed out.*Invalid access token/s);
  await eventually("it is on the desk", async () => (await desk.queue()).some((t) => t.id === thread.id && /Still there/.test(t.words)));
});

test("what was sent with the old token is not sent again with a new one", { skip }, async () => {
  const before = (await replies()).length;
  const { page, calm } = await open(desk.browser, `${desk.house.url}/desk/${thread.id}`, { session: desk.maren });
  // Nothing gets through before the token is over: it is not tried again with the old one.
  Object.assign(desk.way, { loses: 1, closes: true });
  await say(page, "We are here.");
  await eventually("it arrived, and its answer is lost", async () => desk.way.closed);
  await shop.call("POST", "logout", {});
  await shop.signIn();
  Object.assign(desk.way, { closes: false, closed: false });
  await renew(desk, "token", shop.token, /signed out/);
  await page.goto(`${desk.house.url}/desk/${thread.id}`);
  await page.click("text=Send again");
  await eventually("it is answered", async () => (await desk.queue("done")).some((t) => t.id === thread.id));
  assert.equal((await replies()).length, before + 1);
  const { said } = await desk.thread(thread.id);
  assert.equal(said.filter((s) => s.text === "We are here. – Maren").length, 1);
  calm();
});
