// A person is told by push: she switches her browser on, is told at once, opens it, and switches it off.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, looked, open } from "../lib/browser.js";
import { browserKeys, opened, pushService, signer } from "../lib/push.js";
import { fixtures, tenon } from "../lib/tenon.js";

let house, browser, service, keys, maren, room;
before(async () => {
  house = await tenon({ env: { TENON_PUSH_HOSTS: "127.0.0.1" } });
  house.run("import", join(fixtures, "deals.xes"));
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss", "--role", "member");
  maren = await house.signIn("maren@halden.example");
  service = await pushService();
  keys = browserKeys();
  const { rows } = await (await house.ask("/api/v1/processes/deals/cases")).json();
  room = encodeURIComponent(rows[0].name);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await service?.stop();
  await house?.stop();
});

/** Chromium asks its maker's push service for a subscription; here it gets one of ours. All else is its own. */
async function subscribesHere(context) {
  const made = { address: service.address, public: [...keys.public], auth: [...keys.auth] };
  await context.grantPermissions(["notifications"], { origin: house.url });
  await context.addInitScript((made) => {
    const bytes = { p256dh: new Uint8Array(made.public).buffer, auth: new Uint8Array(made.auth).buffer };
    const gone = () => (localStorage.removeItem("subscribed"), Promise.resolve(true));
    const subscription = { endpoint: made.address, getKey: (name) => bytes[name], unsubscribe: gone };
    PushManager.prototype.getSubscription = async () => (localStorage.getItem("subscribed") ? subscription : null);
    PushManager.prototype.subscribe = async (options) => (localStorage.setItem("subscribed", options.applicationServerKey), subscription);
  }, made);
}

async function say(body) {
  const headers = { cookie: `tenon_session=${maren}`, "content-type": "application/json" };
  const said = await fetch(`${house.url}/api/v1/processes/deals/cases/${room}/messages`, { method: "POST", headers, body: JSON.stringify({ body }) });
  assert.equal(said.status, 201, await said.clone().text());
}

async function came(seconds) {
  for (let i = 0; i < seconds * 10; i++) {
    const all = service.taken();
    if (all.length) return all;
    await new Promise((done) => setTimeout(done, 100));
  }
  return [];
}

test("a browser that is switched on is told at once, shows it, and opens it", async () => {
  const { page, context, calm } = await open(browser, house.url + "/sign-in", { session: await house.signIn("olive@halden.example") });
  await subscribesHere(context);
  await page.goto(house.url + "/me");
  await page.getByRole("button", { name: "Tell me in this browser" }).click();
  await page.getByRole("status").waitFor();
  assert.match(await page.getByRole("status").textContent(), /This browser tells you from now on/);
  await page.getByText("this browser").first().waitFor();
  const line = page.locator("[data-push-device]");
  assert.match(await line.textContent(), /this browser.*nothing told yet/);
  assert.equal(await page.getByRole("button", { name: "Tell me in this browser" }).count(), 0);
  await looked(page);

  await say("@olive look at **this**");
  const [told, ...more] = await came(20);
  assert.equal(more.length, 0);
  const notice = JSON.parse(opened(told.body, keys));
  assert.deepEqual(Object.keys(notice), ["link", "title"]);
  assert.match(notice.title, /^Maren Voss mentioned you in .*, deals$/);
  assert.match(notice.link, new RegExp(`^/p/deals/case/${room}#m\\d+$`));
  const by = signer(told.headers.authorization);
  assert.equal(by.aud, service.origin);
  assert.equal(by.key, await page.evaluate(() => localStorage.getItem("subscribed")));
  assert.ok(by.exp - Date.now() / 1000 < 86400);
  assert.equal(told.headers["content-encoding"], "aes128gcm");
  assert.equal(told.headers.ttl, "86400");
  assert.match(told.headers.topic, /^[\w-]{32}$/);

  const cdp = await context.newCDPSession(page);
  const registered = new Promise((done) => cdp.on("ServiceWorker.workerRegistrationUpdated", (e) => e.registrations[0] && done(e.registrations[0])));
  await cdp.send("ServiceWorker.enable");
  const { registrationId } = await registered;
  await cdp.send("ServiceWorker.deliverPushMessage", { origin: house.url, registrationId, data: JSON.stringify(notice) });
  const shown = async () => page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((n) => [n.title, n.data]));
  for (let i = 0; i < 50 && !(await shown()).length; i++) await page.waitForTimeout(100);
  assert.deepEqual(await shown(), [[notice.title, house.url + notice.link]]);
  const [worker] = context.serviceWorkers();
  const went = await worker.evaluate(async () => {
    let went;
    self.clients.openWindow = async (url) => (went = url);
    const [notification] = await self.registration.getNotifications();
    self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
    for (let i = 0; i < 50 && !went; i++) await new Promise((done) => setTimeout(done, 50));
    return went;
  });
  assert.equal(went, house.url + notice.link);
  assert.deepEqual(await shown(), []);

  await say("@olive and this");
  await page.goto(house.url + notice.link);
  assert.deepEqual(await came(9), [], "what was read meanwhile is not pushed");

  await page.goto(house.url + "/me");
  assert.match(await line.textContent(), /last told/);
  await line.getByRole("button", { name: /^Take away/ }).click();
  assert.match(await page.getByRole("status").textContent(), /tells you nothing any more/);
  assert.equal(await line.count(), 0);
  await say("@olive unheard");
  assert.deepEqual(await came(9), []);

  await page.getByRole("button", { name: "Tell me in this browser" }).click();
  await line.waitFor();
  await page.locator("details.me summary").click();
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await page.waitForURL(/sign-in/);
  await say("@olive who is not here");
  assert.deepEqual(await came(9), [], "who signed out is told nothing there");
  calm();
});

test("without scripts her browsers can still be taken away, and none is offered", async () => {
  const { page } = await open(browser, house.url + "/me", { javaScriptEnabled: false });
  assert.match(await page.locator("[data-push-none]").textContent(), /has no scripts/);
  assert.equal(await page.getByRole("button", { name: "Tell me in this browser" }).count(), 0);
});

test("the worker has a place and a policy of its own", async () => {
  const answer = await fetch(house.url + "/push-worker.js");
  assert.equal(answer.headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
  assert.equal(answer.headers.get("cache-control"), "no-cache");
  assert.match(answer.headers.get("content-type"), /javascript/);
  assert.match(await answer.text(), /showNotification/);
});
