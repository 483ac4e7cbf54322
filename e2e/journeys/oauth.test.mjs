// A service is signed in to on its own page instead of pasting a token; what that gave is renewed, and signed in to again when it is over.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, looked, open, reloaded } from "../lib/browser.js";
import { mastodon } from "../lib/mastodon.js";
import { eventually, tenon } from "../lib/tenon.js";

let house, browser, social, maren, connection;
before(async () => {
  social = await mastodon();
  house = await tenon({ env: { TENON_ALLOW_HOSTS: `127.0.0.1:${social.port}` } });
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss");
  maren = await house.signIn("maren@halden.example");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  social?.close();
});

/** Nothing that opens a door is in a page. */
async function discreet(page) {
  const html = await page.content();
  for (const secret of [social.app.secret, ...social.app.given]) assert.ok(!html.includes(secret), `${secret} is in ${page.url()}`);
}

async function begin(page, { server = social.url, id = social.app.id, secret = social.app.secret } = {}) {
  await page.fill("[name=server]", server);
  await page.fill("[name=client_id]", id);
  await page.fill("[name=client_secret]", secret);
  await page.getByRole("button", { name: "Sign in with Mastodon" }).click();
}

test("an owner signs in on the service's page; what is left out, denied or refused is said, and begun again", async () => {
  const { page, calm } = await open(browser, house.url + "/connections/new?kind=mastodon");
  assert.match(await page.textContent("form .secret"), new RegExp(`^${house.url}/connections/oauth$`), "what is registered there");
  assert.match(await page.textContent("main"), /Or paste a token/);
  await looked(page);
  await page.getByRole("button", { name: "Sign in with Mastodon" }).click();
  assert.match(await page.textContent("[role=alert]"), /Server is empty/);
  await begin(page, { secret: "" });
  assert.match(await page.textContent("[role=alert]"), /Client secret is empty/);
  assert.equal(await page.inputValue("[name=server]"), social.url, "what was filled in stays");
  await begin(page);
  await page.waitForURL(social.url + "/oauth/authorize**");
  assert.match(await page.textContent("p"), /^read:accounts read:notifications read:search read:statuses write:statuses$/);
  await page.click("text=Deny");
  assert.match(await page.textContent("[role=alert]"), /Mastodon did not let us in: access_denied\. Begin again/);
  await looked(page);
  await page.getByRole("link", { name: "Begin again" }).click();
  await begin(page, { secret: "guessed" });
  await page.click("text=Allow");
  assert.match(await page.textContent("[role=alert]"), /did not take what it gave: invalid_client Client authentication failed\. Check the client ID/);
  await page.getByRole("link", { name: "Begin again" }).click();
  await begin(page);
  await page.click("text=Allow");
  assert.match(await page.textContent("[role=status]"), /It works: this is Halden Meters, @halden@127\.0\.0\.1/);
  assert.equal(await page.locator("[name=client_secret], [name=token]").count(), 0);
  assert.equal(await page.inputValue("[name=server]"), social.url);
  await discreet(page);
  await looked(page);
  await page.fill("[name=name]", "Our account");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  assert.match(await page.textContent("h1"), /Our account is connected/);
  await page.goBack();
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  assert.match(await page.textContent("[role=alert]"), /begun elsewhere, too long ago, or is done already/, "one sign-in is one connection");
  await page.goto(house.url + "/connections");
  await page.getByRole("link", { name: "Our account" }).click();
  connection = page.url();
  await eventually("it was looked at", async () => {
    await reloaded(page);
    return !/not yet/.test(await page.textContent("main"));
  });
  await discreet(page);
  await looked(page);
  calm();
});

test("what ends is renewed and nobody notices; what is not renewed is said, and signed in to again without scripts", async () => {
  const { page, calm } = await open(browser, connection, { javaScriptEnabled: false });
  const again = async () => {
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).click();
  };
  const state = async () => {
    await reloaded(page);
    return page.textContent(".page-head .chip");
  };
  social.expire();
  await again();
  await eventually("it is renewed", () => social.app.renewals === 1);
  social.say("Aino Known", "Does it ship to Finland?");
  await eventually("she is on the desk", async () => (await (await house.ask("/api/v1/desk")).json()).length === 1);
  assert.equal(await state(), "on");
  social.app.refuses = true;
  social.expire();
  await again();
  await eventually("it is signed out", async () => (await state()) === "signed out");
  assert.match(await page.textContent("[role=alert]"), /does not renew the access any more \(invalid_grant The grant was revoked\); sign in again/);
  await discreet(page);
  const seen = await open(browser, connection);
  await looked(seen.page);
  seen.calm();
  await page.getByRole("button", { name: "Sign in again" }).click();
  await page.click("text=Allow");
  assert.equal(page.url(), connection);
  await eventually("it is on", async () => (await state()) === "on");
  assert.equal(await page.locator("[role=alert]").count(), 0);
  calm();
});

test("nobody ends what was begun elsewhere, and only owners sign in", async () => {
  const { page } = await open(browser, house.url + "/connections/oauth?state=guessed&code=mine");
  assert.match(await page.textContent("[role=alert]"), /This sign-in was begun elsewhere/);
  await looked(page);
  for (const path of ["/connections/oauth?state=x&code=y", "/connections/new?kind=mastodon"]) {
    const answer = await fetch(house.url + path, { headers: { cookie: `tenon_session=${maren}` } });
    assert.equal(answer.status, 403, path);
  }
  const begun = await house.ask("/connections/new?kind=mastodon", { method: "POST", body: new URLSearchParams({ act: "sign-in", server: social.url, client_id: social.app.id, client_secret: social.app.secret }) });
  const away = /url=([^"]+)"/.exec(await begun.text())[1].replaceAll("&#38;", "&").replaceAll("&amp;", "&");
  const allow = /href="([^"]+)">Allow/.exec(await (await fetch(away)).text())[1].replaceAll("&amp;", "&");
  const other = await house.signIn("olive@halden.example");
  const foreign = await fetch(allow, { headers: { cookie: `tenon_session=${other}` } });
  assert.equal(foreign.status, 400, "her own other session");
});
