// Signing in with the company's identity provider, against a real one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open } from "../lib/browser.js";
import { provider } from "../lib/provider.js";
import { freePort, tenon } from "../lib/tenon.js";

const people = {
  maren: { name: "Maren Voss", email: "maren@halden.example", email_verified: true, groups: ["sales"] },
  olive: { name: "Olive Other", email: "olive@halden.example", email_verified: true, groups: ["sales", "admins"] },
  mallory: { name: "Mallory", email: "olive@halden.example", email_verified: false, groups: ["sales"] },
  nobody: { name: "No Body", email: "nobody@halden.example", email_verified: true, groups: [] },
};

let house, browser, idp;
before(async () => {
  const port = await freePort();
  idp = await provider(people, `http://localhost:${port}/sign-in/back`);
  const env = {
    TENON_OIDC_ISSUER: idp.url,
    TENON_OIDC_CLIENT_ID: "tenon",
    TENON_OIDC_CLIENT_SECRET: "a secret & more",
    TENON_OIDC_NAME: "Halden login",
    TENON_OIDC_ROLES: "admins=owner,sales=member",
    TENON_OIDC_TEAMS: "sales=North",
  };
  house = await tenon({ port, env });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  await idp?.stop();
});

/** A browser of its own that signs in as somebody, from a page that asks for it. */
async function signIn(login, path = "/me") {
  const opened = await open(browser, house.url + path, { session: null });
  await opened.page.getByRole("link", { name: "Sign in with Halden login" }).click();
  await opened.page.locator("input[name=login]").fill(login);
  await opened.page.locator("input[name=password]").fill("any");
  await opened.page.locator("button[type=submit]").click();
  await opened.page.getByRole("button", { name: /continue/i }).click();
  await opened.page.waitForURL((url) => url.origin === house.url);
  return opened;
}

test("who signs in for the first time is made, in her role and team, and lands where she wanted to go", async () => {
  const { page } = await signIn("maren");
  assert.equal(page.url(), house.url + "/me");
  assert.match(await page.locator(".page-head .meta").textContent(), /member · North/);
  const cookies = await page.context().cookies(house.url);
  const ours = cookies.filter((c) => c.name.startsWith("tenon_"));
  assert.deepEqual(ours.map((c) => [c.name, c.httpOnly, c.sameSite]), [["tenon_session", true, "Lax"]]);
  await page.context().close();
  const again = await signIn("maren");
  const people = await (await house.ask("/api/v1/people")).json();
  assert.equal(people.filter((p) => p.name === "Maren Voss").length, 1);
  await again.page.context().close();
});

test("a verified address finds who was here, and one that is not verified does not", async () => {
  const mallory = await signIn("mallory");
  assert.match(await mallory.page.locator("section:has(#who)").textContent(), /unverified\.invalid/);
  assert.match(await mallory.page.locator(".page-head .meta").textContent(), /^member/);
  await mallory.page.context().close();
  const olive = await signIn("olive");
  assert.match(await olive.page.locator(".page-head .meta").textContent(), /^owner/);
  assert.equal(await olive.page.getByLabel("Name", { exact: true }).inputValue(), "Olive Owner");
  await olive.page.context().close();
});

test("who is in no group is told whom to ask", async () => {
  const { page } = await signIn("nobody");
  assert.match(await page.getByRole("alert").textContent(), /None of your groups is let in/);
  await accessible(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await fits(page);
  await page.context().close();
});

test("a sign-in that was begun in another browser ends nowhere", async () => {
  const begun = await fetch(house.url + "/sign-in/with?to=/me", { redirect: "manual" });
  const state = new URL(begun.headers.get("location")).searchParams.get("state");
  const other = await fetch(house.url + `/sign-in/back?code=x&state=${state}`, { redirect: "manual" });
  assert.equal(other.status, 400);
  assert.match(await other.text(), /begun elsewhere/);
  const cookie = begun.headers.get("set-cookie").split(";")[0];
  const invented = await fetch(house.url + `/sign-in/back?code=x&state=${state}`, { headers: { cookie }, redirect: "manual" });
  assert.equal(invented.status, 502, "the provider knows no such code");
  assert.doesNotMatch(invented.headers.get("set-cookie"), /tenon_session/);
});

test("a provider that is down leaves the other ways in, and says what to do", async () => {
  await idp.stop();
  const { page } = await open(browser, house.url + "/sign-in", { session: null });
  await page.goto(house.url + "/sign-in/back?code=x&state=y");
  assert.match(await page.getByRole("alert").textContent(), /begun elsewhere/);
  assert.equal(await page.getByLabel("Password").count(), 1);
  await accessible(page);
});
