// A person adds a passkey, signs in with it, and takes it away. Chromium's own virtual authenticator makes and shows it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, looked, open } from "../lib/browser.js";
import { tenon } from "../lib/tenon.js";

let house, browser;
before(async () => {
  house = await tenon();
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss", "--role", "member");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
});

/** A page with an authenticator built in, that knows its person by finger or PIN. */
async function withAuthenticator(url, options) {
  const opened = await open(browser, url, options);
  const device = await opened.context.newCDPSession(opened.page);
  await device.send("WebAuthn.enable");
  const made = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await device.send("WebAuthn.addVirtualAuthenticator", { options: made });
  return { ...opened, device: (what, more = {}) => device.send(`WebAuthn.${what}`, { authenticatorId, ...more }) };
}

const add = (page) => page.getByRole("button", { name: "Add a passkey" });
const enter = (page) => page.getByRole("button", { name: "Sign in with a passkey" });

test("a passkey is added, signs in, and lets nobody in once it is taken away", async () => {
  const session = await house.signIn("maren@halden.example");
  const { page, context, device, calm } = await withAuthenticator(house.url + "/me", { session });
  await page.getByLabel("What is the new one called?").fill("Marens <b>laptop</b>");
  await add(page).click();
  await page.getByRole("status").waitFor();
  assert.match(await page.getByRole("status").textContent(), /The passkey is added/);
  const line = page.locator("section:has(#keys) li");
  assert.match(await line.textContent(), /Marens <b>laptop<\/b>.*never used/);
  await looked(page);

  await page.getByLabel("What is the new one called?").fill("The same device");
  await add(page).click();
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").textContent(), /may have one for you already/);

  await page.locator("details.me summary").click();
  await page.getByRole("button", { name: "Sign out" }).first().click();
  await page.waitForURL(house.url + "/sign-in");
  await looked(page);
  const planted = "a".repeat(64);
  await context.addCookies([{ name: "tenon_session", value: planted, url: house.url }]);
  await page.goto(house.url + "/sign-in?to=/me");
  await enter(page).click();
  await page.waitForURL(house.url + "/me");
  const cookie = (await context.cookies()).find((c) => c.name === "tenon_session");
  assert.notEqual(cookie.value, planted);
  assert.ok(cookie.httpOnly && cookie.sameSite === "Lax");
  assert.match(await line.textContent(), /last used/);
  assert.match(await page.locator(".page-head .meta").textContent(), /member/);

  await page.getByRole("button", { name: "Take away Marens <b>laptop</b>" }).click();
  assert.match(await page.getByRole("status").textContent(), /works no more/);
  assert.equal(await line.count(), 0);
  await context.clearCookies();
  await page.goto(house.url + "/sign-in");
  await enter(page).click();
  assert.match(await page.getByRole("alert").locator("visible=true").textContent(), /lets nobody in here/);
  await accessible(page);
  const record = await (await house.ask("/api/v1/audit?kind=person.sign_in_refused")).json();
  assert.deepEqual(record[0].payload, { by: "passkey", why: "not known here" });
  assert.equal((await device("getCredentials")).credentials.length, 1);
  calm();
});

test("a copy that counts behind is refused, and so is who is suspended", async () => {
  const session = await house.signIn("maren@halden.example");
  const { page, context, device, calm } = await withAuthenticator(house.url + "/me", { session });
  await page.getByLabel("What is the new one called?").fill("Key");
  await add(page).click();
  await page.getByRole("status").waitFor();
  const [copy] = (await device("getCredentials")).credentials;
  const signIn = async () => {
    await context.clearCookies();
    await page.goto(house.url + "/sign-in");
    await enter(page).click();
    await page.waitForURL((url) => url.pathname !== "/sign-in");
  };
  await signIn();
  assert.equal(new URL(page.url()).pathname, "/");
  await device("clearCredentials");
  await device("addCredential", { credential: copy });
  await signIn();
  assert.match(await page.getByRole("alert").locator("visible=true").textContent(), /lets nobody in here/);
  const why = async () => (await (await house.ask("/api/v1/audit?kind=person.sign_in_refused")).json())[0].payload.why;
  assert.equal(await why(), "counter went back");
  house.run("people", "suspend", "maren@halden.example");
  await signIn();
  assert.match(await page.getByRole("alert").locator("visible=true").textContent(), /lets nobody in here/);
  assert.equal(await why(), "suspended");
  calm();
});

test("where there are no passkeys, or no scripts, none are offered", async () => {
  const { page } = await open(browser, house.url + "/sign-in", { session: null, javaScriptEnabled: false });
  assert.equal(await enter(page).count(), 0);
  const other = await open(browser, house.url.replace("localhost", "127.0.0.1") + "/sign-in", { session: null });
  assert.equal(await enter(other.page).count(), 0, "under another name of the server");
  await page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
});

test("nobody begins or signs in from another site's page", async () => {
  for (const path of ["/sign-in/passkey", "/sign-in/passkey/begin", "/me/passkeys", "/me/passkeys/begin"]) {
    const answer = await house.ask(path, { method: "POST", headers: { origin: "https://evil.example" }, body: new URLSearchParams() });
    assert.equal(answer.status, 403, path);
    assert.match(await answer.text(), /another site's page/);
  }
});
