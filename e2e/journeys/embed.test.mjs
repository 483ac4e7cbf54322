// A case inside the page of another site: let in by a window of Tenon, worked with, and framed by nobody else.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open, signedIn } from "../lib/browser.js";
import { fixtures, tenon } from "../lib/tenon.js";

let house, browser, crm, other, key, name;
/** Another site: 127.0.0.1 is not the site that localhost is. */
function site(page) {
  const server = createServer((request, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(page(new URL(request.url, "http://x").searchParams.get("frame") ?? ""));
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done({ url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() })));
}
const holding = (frame) => `<!doctype html><title>CRM</title><h1>Deal</h1><iframe title="Tenon" width="420" height="700" src="${frame.replaceAll("&", "&amp;")}"></iframe>`;
const link = (exp = Math.floor(Date.now() / 1000) + 600) => {
  const sig = createHmac("sha256", key).update(`deals\n${name}\n${exp}`).digest("hex");
  return `${house.url}/embed/case?${new URLSearchParams({ process: "deals", ref: name, exp, sig })}`;
};

before(async () => {
  house = await tenon();
  house.run("import", join(fixtures, "deals.xes"));
  name = (await (await house.ask("/api/v1/processes/deals/cases?limit=1")).json()).rows[0].name;
  [crm, other] = [await site(holding), await site(holding)];
  browser = await launch();
});
after(async () => {
  await browser?.close();
  crm?.stop();
  other?.stop();
  await house?.stop();
});

test("an owner names the site and gets the key once", async () => {
  const { page, calm } = await open(browser, house.url + "/settings");
  await page.fill("textarea[name=origins]", crm.url);
  await page.click("text=Save the sites");
  key = (await page.textContent("[data-key]")).trim();
  assert.equal(key.length, 64);
  await page.click("text=I have kept it");
  assert.equal(await page.inputValue("textarea[name=origins]"), crm.url);
  assert.doesNotMatch(await page.content(), new RegExp(key));
  await accessible(page);
  calm();
});

test("the panel is let in once, shows the case, takes a note, and stays let in", async () => {
  const context = await browser.newContext();
  await signedIn(context, house.url);
  const page = await context.newPage();
  await page.goto(`${crm.url}/?frame=${encodeURIComponent(link())}`);
  const frame = page.frameLocator("iframe");
  const [popup] = await Promise.all([context.waitForEvent("page"), frame.getByRole("button", { name: "Let the panel in" }).click()]);
  await frame.locator("form.composer").waitFor();
  await popup.waitForEvent("close").catch(() => {});
  await frame.locator("textarea[name=body]").fill("Written inside the CRM");
  await frame.getByRole("button", { name: "Save note" }).click();
  await frame.getByText("Written inside the CRM").waitFor();
  const inside = page.frames().find((f) => f.url().startsWith(house.url));
  assert.match(inside.url(), /\/embed\/case\?/);
  await page.goto(`${crm.url}/?frame=${encodeURIComponent(link())}`);
  await frame.getByText("Written inside the CRM").waitFor();
  const said = await (await house.ask(`/api/v1/processes/deals/cases/${encodeURIComponent(name)}/messages`)).json();
  assert.deepEqual(said.map((m) => m.body), ["Written inside the CRM"]);
  const top = await context.newPage();
  await top.setViewportSize({ width: 390, height: 800 });
  await top.goto(link());
  await top.locator("form.composer").waitFor();
  await accessible(top);
  await fits(top);
  await context.close();
});

test("who is not signed in signs in beside, and the window goes on", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${crm.url}/?frame=${encodeURIComponent(link())}`);
  const frame = page.frameLocator("iframe");
  const [popup] = await Promise.all([context.waitForEvent("page"), frame.getByRole("button", { name: "Let the panel in" }).click()]);
  await popup.getByText("Sign in first").waitFor();
  // Its script listens from here on; nobody signs in faster.
  await popup.waitForLoadState();
  await signedIn(context, house.url);
  await popup.evaluate(() => dispatchEvent(new Event("focus")));
  await frame.locator("form.composer").waitFor();
  await context.close();
});

test("another site cannot hold it, nor the named site any other page; an old link shows nothing", async () => {
  const context = await browser.newContext();
  await signedIn(context, house.url);
  const page = await context.newPage();
  const shown = async (host, address) => {
    await page.goto(`${host}/?frame=${encodeURIComponent(address)}`);
    await page.waitForTimeout(300);
    const inside = page.frames().find((f) => f !== page.mainFrame());
    return inside.content().catch(() => "");
  };
  assert.match(await shown(crm.url, link()), /Let the panel in/);
  assert.doesNotMatch(await shown(other.url, link()), /Let the panel in|Tenon/);
  for (const path of ["/", "/settings", "/embed/open", "/sign-in", `/p/deals/case/${encodeURIComponent(name)}`]) {
    assert.doesNotMatch(await shown(crm.url, house.url + path), /class="topbar"|You are signed in|Sign in/, path);
  }
  assert.match(await shown(crm.url, link(1_000_000_000)), /too old/);
  await context.close();
});
