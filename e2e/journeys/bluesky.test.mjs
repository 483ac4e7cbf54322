// A real PDS, with an AppView and without: a customer mentions the company, it is on the desk on her case, and she gets one reply, below her
// post; also when what the server says is lost, when servers stop meanwhile, and when the app password is over. A PDS alone does not notify: there the posts of the people who
// are named are read from where they are kept, and what they take back is not seen.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { open, reloaded } from "../lib/browser.js";
import { answer, company, connect, lossy, peer, renew, say } from "../lib/peers.js";
import { eventually } from "../lib/tenon.js";

const server = peer("pds");
const { skip } = server;
const number = Date.now() % 1e9;
const POSTS = "app.bsky.feed.post";
const ways = [
  { what: "a PDS alone", appview: "none", skip },
  { what: "a PDS with an AppView", appview: process.env.TENON_APPVIEW, skip: skip || (process.env.TENON_APPVIEW ? false : "no AppView") },
];

/** Somebody with a client of her own. */
async function person(name) {
  const one = { handle: `${name}.test` };
  one.call = async (method, body) => {
    const headers = { "content-type": "application/json", ...(one.token && { authorization: `Bearer ${one.token}` }) };
    const answer = await fetch(`${server.url}/xrpc/${method}`, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await answer.text();
    assert.ok(answer.ok, `${method}: ${text}`);
    return text && JSON.parse(text);
  };
  /** A post that mentions somebody by the first letter, below another where one is given. */
  one.say = async (text, to, below) => {
    const facets = [{ index: { byteStart: 0, byteEnd: 1 }, features: [{ $type: "app.bsky.richtext.facet#mention", did: to }] }];
    const record = { $type: POSTS, text, createdAt: new Date().toISOString(), ...(below ? { reply: below } : { facets }) };
    return one.call("com.atproto.repo.createRecord", { repo: one.did, collection: POSTS, record });
  };
  one.takeBack = (uri) => one.call("com.atproto.repo.deleteRecord", { repo: one.did, collection: POSTS, rkey: uri.split("/").pop() });
  /** Her posts as the server keeps them, oldest first. */
  one.posts = async () => {
    const url = `${server.url}/xrpc/com.atproto.repo.listRecords?repo=${one.did}&collection=${POSTS}&limit=100`;
    const { records } = await (await fetch(url)).json();
    return records.sort((a, b) => (a.value.createdAt < b.value.createdAt ? -1 : 1));
  };
  const made = await one.call("com.atproto.server.createAccount", { handle: one.handle, email: `${name}@example.org`, password: "tenon-test-only" });
  one.did = made.did;
  one.token = made.accessJwt;
  return one;
}

for (const [n, { what, appview, skip }] of ways.entries()) describe(what, () => {
  let desk, ines, shop, key, thread;
  before(async () => {
    if (skip) return;
    ines = await person(`ines${number}${n}`);
    shop = await person(`shop${number}${n}`);
    key = (await shop.call("com.atproto.server.createAppPassword", { name: "tenon" })).password;
    desk = await company(await lossy(server.url, (asked) => asked.url.endsWith("putRecord")), ines.handle);
  });
  after(() => desk?.stop());

  test("Bluesky is connected on the page, with an app password", { skip }, async () => {
    const people = appview === "none" ? ines.handle : "";
    await connect(desk, "Bluesky", { server: desk.way.url, handle: shop.handle, appview, people }, ["password", key], `@${shop.handle}`);
  });

  test("a customer's post is on the desk, on her case, and she gets one reply below it", { skip }, async () => {
    await ines.say("A post to nobody of ours", ines.did);
    const asked = await ines.say("When does the <b>pump</b> come? 🦀", shop.did);
    await eventually("it is on the desk", async () => (await desk.queue()).length === 1);
    [thread] = await desk.queue();
    assert.deepEqual([thread.case, thread.reason, thread.sure], ["Saari Brewing", "Her handle is the contact of the case.", 90]);
    await answer(desk, thread, "It left this morning: https://halden.example/x 🦀");
    const [reply, ...more] = await shop.posts();
    assert.deepEqual(more, [], "and no other");
    assert.equal(reply.value.text, "It left this morning: https://halden.example/x 🦀 – Maren");
    assert.deepEqual(reply.value.reply, { root: { uri: asked.uri, cid: asked.cid }, parent: { uri: asked.uri, cid: asked.cid } });
    assert.equal(reply.value.facets[0].features[0].uri, "https://halden.example/x");
  });

  test("what she says then is in the same thread", { skip }, async () => {
    const [reply] = await shop.posts();
    await ines.say("Thank you, and the invoice?", null, { root: reply.value.reply.root, parent: { uri: reply.uri, cid: reply.cid } });
    await eventually("it is there", async () => (await desk.queue()).some((t) => t.id === thread.id && /invoice/.test(t.words)));
    assert.equal((await desk.queue()).length, 1);
    const { said } = await desk.thread(thread.id);
    assert.deepEqual(said.map((s) => s.ours), [false, true, false]);
  });

  test("a reply that waits while both servers are down is there once when they are back", { skip: skip || server.fixed }, async () => {
    await server.stop();
    const { page, context, calm } = await open(desk.browser, `${desk.house.url}/desk/${thread.id}`, { session: desk.maren });
    await say(page, "It comes with the pump.");
    await eventually("the page says that it waits, and why", async () => {
      await reloaded(page);
      return /On its way, by Maren Voss.*Bluesky: not reached/s.test(await page.textContent(".thread"));
    });
    calm();
    // A page that is open while its server goes has its stream cut off, which the browser calls an error.
    await context.close();
    await desk.house.restart();
    await server.start();
    await eventually("it is answered", async () => (await desk.queue("done")).some((t) => t.id === thread.id));
    await new Promise((done) => setTimeout(done, 3000));
    assert.deepEqual((await shop.posts()).map((p) => p.value.text), ["It left this morning: https://halden.example/x 🦀 – Maren", "It comes with the pump. – Maren"]);
    await eventually("the channel is well again", async () => (await desk.connection()).error === null);
  });

  test("an app password that is over is said in words, and replaced without losing anything", { skip }, async () => {
    await shop.call("com.atproto.server.revokeAppPassword", { name: "tenon" });
    // A PDS lets a session go on for up to two hours after that; one that begins is refused at once.
    await desk.house.restart();
    await ines.say("Still there?", shop.did);
    const { password } = await shop.call("com.atproto.server.createAppPassword", { name: "tenon again" });
    await renew(desk, "password", password, /signed out.*Invalid identifier or password/s);
    await eventually("it is on the desk", async () => (await desk.queue()).some((t) => /Still there/.test(t.words)));
  });

  test("what she takes back is not there any more", { skip: skip || (appview === "none" ? "an AppView tells it" : false) }, async () => {
    const asked = await ines.say("Oh, and another thing", shop.did);
    await eventually("it is on the desk", async () => (await desk.queue()).some((t) => /another thing/.test(t.words)));
    const { id } = (await desk.queue()).find((t) => /another thing/.test(t.words));
    await ines.takeBack(asked.uri);
    await eventually("nobody waits with it", async () => (await desk.queue()).every((t) => t.id !== id));
    assert.deepEqual((await desk.thread(id)).said.map((s) => [s.text, s.deleted]), [["", true]]);
  });
});
