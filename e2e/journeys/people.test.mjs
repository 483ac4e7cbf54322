// An owner adds a colleague and makes a team; the colleague comes in by the link and keeps her own account.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open } from "../lib/browser.js";
import { tenon } from "../lib/tenon.js";

let house, browser, link;
before(async () => {
  house = await tenon();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
});

/** As it is, dark, and on a phone. */
async function looked(page) {
  await accessible(page);
  await fits(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page);
  await page.emulateMedia({ colorScheme: "light" });
  const size = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 844 });
  await fits(page);
  await accessible(page);
  await page.setViewportSize(size);
}

test("an owner adds somebody, and gets a link to pass on", async () => {
  const { page, calm } = await open(browser, house.url + "/settings");
  await page.getByRole("navigation", { name: "Administration" }).getByRole("link", { name: "People" }).click();
  await looked(page);
  await page.getByLabel("Name").fill("Maren Voss");
  await page.getByLabel("E-mail").fill("maren@halden.example");
  await page.getByRole("button", { name: "Add" }).click();
  link = await page.locator(".notice code").textContent();
  assert.match(link, new RegExp(`^${house.url}/in/[0-9a-f]{64}$`));
  await looked(page);
  await page.getByLabel("Name").fill("Maren Again");
  await page.getByLabel("E-mail").fill("maren@halden.example");
  await page.getByRole("button", { name: "Add" }).click();
  assert.match(await page.getByRole("alert").textContent(), /maren@halden\.example is already here/);
  assert.equal(await page.getByLabel("Name").inputValue(), "Maren Again");
  calm();
});

test("a team is made, filled and renamed, and the record tells of it", async () => {
  const { page, calm } = await open(browser, house.url + "/teams");
  await looked(page);
  await page.getByLabel("Name").fill("North");
  await page.getByRole("button", { name: "Make" }).click();
  assert.equal(new URL(page.url()).pathname, "/teams/north");
  await page.getByLabel("Person").selectOption("maren");
  await page.getByRole("button", { name: "Put into the team" }).click();
  assert.match(await page.locator(".lines").textContent(), /Maren Voss/);
  await page.getByLabel("Name").fill("Nordic");
  await page.getByRole("button", { name: "Rename" }).click();
  assert.equal(await page.textContent("h1"), "Nordic");
  await looked(page);
  await page.goto(house.url + "/audit");
  await page.getByLabel("Kind").selectOption("team.changed");
  await page.getByRole("button", { name: "Show" }).click();
  assert.match(await page.locator("tbody tr").first().textContent(), /Olive Owner.*team\.changed.*renamed/);
  await looked(page);
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Save as CSV" }).click()]);
  assert.equal(saved.suggestedFilename(), "audit.csv");
  calm();
});

test("a colleague comes in by the link, without scripts, and keeps her account", async () => {
  const { page, context, calm } = await open(browser, link, { session: null, javaScriptEnabled: false });
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.goto(house.url + "/me");
  assert.match(await page.locator(".page-head .meta").textContent(), /member · Nordic/);
  await page.getByLabel("Time zone").fill("Middle/Earth");
  await page.locator("form[action='/me']").getByRole("button", { name: "Save" }).click();
  assert.match(await page.getByRole("alert").textContent(), /is no time zone/);
  await page.getByLabel("Time zone").fill("Europe/Copenhagen");
  await page.locator("form[action='/me']").getByRole("button", { name: "Save" }).click();
  assert.match(await page.getByRole("status").textContent(), /Saved/);
  await page.getByLabel("New password").fill("correct horse battery");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.locator("summary", { hasText: "Make a token" }).click();
  await page.getByLabel("What is it for?").fill("CRM push");
  await page.getByRole("button", { name: "Make the token" }).click();
  const token = await page.locator(".notice code").textContent();
  const asked = () => fetch(house.url + "/api/v1/me", { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await (await asked()).json()).zone, "Europe/Copenhagen");
  await page.getByRole("button", { name: "Revoke CRM push" }).click();
  assert.equal((await asked()).status, 401);
  for (const path of ["/people", "/teams", "/audit", "/settings"]) {
    const answer = await page.goto(house.url + path);
    assert.equal(answer.status(), 403, path);
  }
  await page.goto(house.url + "/people/olive");
  assert.equal(await page.textContent("h1"), "Olive Owner");
  assert.equal(await page.getByText("For owners").count(), 0);
  calm();
  await context.close();
});

test("she signs in by password elsewhere, and signs the other browser out", async () => {
  const { page, calm } = await open(browser, house.url + "/me", { session: null });
  assert.equal(new URL(page.url()).pathname, "/sign-in");
  await looked(page);
  await page.getByLabel("E-mail").fill("maren@halden.example");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.match(await page.getByRole("alert").textContent(), /do not fit together/);
  await page.getByLabel("Password").fill("correct horse battery");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.equal(new URL(page.url()).pathname, "/me");
  await looked(page);
  assert.equal(await page.locator("section:has(#ses) li").count(), 2);
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  assert.equal(await page.locator("section:has(#ses) li").count(), 1);
  calm();
});

test("who is suspended is out at once, and the last owner stays", async () => {
  const session = await house.signIn("maren@halden.example");
  const hers = () => fetch(house.url + "/me", { headers: { cookie: `tenon_session=${session}` }, redirect: "manual" });
  assert.equal((await hers()).status, 200);
  const { page, calm } = await open(browser, house.url + "/people/maren");
  await looked(page);
  await page.getByRole("button", { name: "Suspend" }).click();
  assert.match(await page.locator(".page-head .meta").textContent(), /suspended/);
  assert.equal((await hers()).status, 303);
  await page.getByRole("button", { name: "Let in again" }).click();
  await page.goto(house.url + "/people/olive");
  await page.getByLabel("Role").selectOption("member");
  await page.getByRole("button", { name: "Change role" }).click();
  assert.match(await page.getByRole("alert").textContent(), /Olive Owner is the last owner/);
  calm();
});
