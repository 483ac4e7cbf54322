// A post is drafted at a step where Share is plugged in, read by a colleague, published at its time, and what came of it is seen there.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, looked, open, reloaded } from "../lib/browser.js";
import { mastodon } from "../lib/mastodon.js";
import { eventually, tenon } from "../lib/tenon.js";

let house, browser, social, other, maren, kofi, steps, folder;
const day = (n) => new Date(Date.now() - n * 86_400_000).toISOString();
/** Deals of two teams: a tool is plugged in team by team. */
const log = () => {
  const rows = Array.from({ length: 24 }, (_, n) => {
    const [name, team] = [`Deal ${String(n + 1).padStart(3, "0")}`, n % 2 ? "South" : "North"];
    return [`${name},Establish trust,${day(60 - n)},${team}`, ...(n > 2 ? [`${name},Propose,${day(40 - n)},${team}`] : [])].join("\n");
  });
  return `case,activity,time,team\n${rows.join("\n")}\n`;
};
before(async () => {
  social = await mastodon();
  other = await mastodon();
  house = await tenon({ env: { TENON_ALLOW_HOSTS: `127.0.0.1:${social.port},127.0.0.1:${other.port}` } });
  folder = mkdtempSync(join(tmpdir(), "tenon-deals-"));
  writeFileSync(join(folder, "deals.csv"), log());
  house.run("import", join(folder, "deals.csv"));
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss");
  house.run("people", "add", "kofi@halden.example", "--name", "Kofi Mensah");
  house.run("people", "add", "ines@halden.example", "--name", "Ines Holm", "--role", "manager");
  maren = await house.signIn("maren@halden.example");
  kofi = await house.signIn("kofi@halden.example");
  steps = (await (await house.ask("/api/v1/processes/deals/steps")).json()).steps.map((s) => s.name);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  social?.close();
  other?.close();
  rmSync(folder, { recursive: true, force: true });
});

const api = async (path, session = maren, init = {}) => {
  const answer = await fetch(house.url + path, { ...init, headers: { cookie: `tenon_session=${session}`, "content-type": "application/json" } });
  return { status: answer.status, body: await answer.json().catch(() => null) };
};
const post = async (id) => (await api(`/api/v1/share/${id}`)).body;
const idOf = (page) => page.url().split("/share/")[1].split("?")[0];

async function connect(name, at) {
  const { page, context } = await open(browser, house.url + "/connections/new?kind=mastodon");
  await page.fill("[name=server]", at.url);
  await page.fill("[name=token]", "open-sesame");
  await page.click("text=Sign in and look");
  await page.fill("[name=name]", name);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.waitForSelector("text=is connected");
  await context.close();
}

test("where Share is not plugged in, or no channel takes posts, the page says what to do", async () => {
  const { page, calm } = await open(browser, house.url + "/share");
  assert.match(await page.textContent("main"), /Share is not plugged in anywhere/);
  assert.match(await page.textContent("main"), /No channel takes posts yet/);
  await looked(page);
  await page.goto(house.url + "/share/new");
  assert.match(await page.textContent("main"), /Share is not plugged in anywhere/);
  await looked(page);
  const refused = await api("/api/v1/share", maren, { method: "POST", body: JSON.stringify({ key: "a", process: "deals", step: steps[0], post: {} }) });
  assert.deepEqual([refused.status, refused.body.code], [409, "not_plugged_in"]);
  await connect("Halden on Mastodon", social);
  await connect("Halden elsewhere", other);
  house.run("plug", "--process", "deals", "--step", steps[0], "--tool", "share", "--measure", "days-in-step", "--given", "North=2020-01-06");
  calm();
});

test("a post is drafted from the step, with its length on each channel and how it looks there", async () => {
  const { page, calm } = await open(browser, `${house.url}/p/deals/map?panel=${encodeURIComponent(steps[0])}`, { session: maren });
  assert.match(await page.textContent("#step"), /Shared here.*Nothing was published from here yet/s);
  await page.locator("#step").getByRole("link", { name: "Draft a post" }).click();
  await page.fill("[data-post]", "We measured thirty breweries for a year. See https://halden.example/a/long/address/of/a/page");
  const first = page.locator(".share-channel", { hasText: "Halden on Mastodon" });
  const second = page.locator(".share-channel", { hasText: "Halden elsewhere" });
  await first.getByRole("checkbox").check();
  await second.getByRole("checkbox").check();
  assert.match(await first.textContent(), /68 of 500 characters/, "a link counts for 23");
  assert.match(await first.locator("[data-preview]").textContent(), /@halden.*thirty breweries/s);
  await second.locator("summary").click();
  await second.locator("textarea").fill("x".repeat(501));
  assert.match(await second.textContent(), /501 of 500 characters: too long/);
  await looked(page);
  await page.click("text=Save and hand in");
  assert.match(await page.textContent("[role=alert]"), /Halden elsewhere: 501 of 500 characters/);
  assert.match(await page.textContent("main"), /Say whether it republishes somebody's words or pictures/);
  await looked(page);
  await page.locator(".share-channel", { hasText: "Halden elsewhere" }).locator("textarea").fill("Thirty breweries, one year.");
  await page.getByLabel("Nobody's: all of it is ours").check();
  await page.locator("[data-post]").press("Control+Enter");
  await page.waitForSelector("text=Nobody outside sees it");
  assert.equal(await page.locator(".lacks").count(), 0);
  await page.click("text=Save and hand in");
  assert.match(await page.textContent("main"), /nobody does that for her own post/);
  assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
  const own = await api(`/api/v1/share/${idOf(page)}/review`, maren, { method: "POST", body: JSON.stringify({ approve: true }) });
  assert.equal(own.status, 403);
  await looked(page);
  calm();
});

test("a colleague sends it back with a note, and lets it go when it is better; it waits for its time", async () => {
  const his = await open(browser, house.url + "/share?view=review", { session: kofi });
  await looked(his.page);
  await his.page.keyboard.press("j");
  await his.page.keyboard.press("Enter");
  await his.page.waitForSelector("text=Do you let it go?");
  await looked(his.page);
  await his.page.fill("[name=note]", "Say which year.");
  await his.page.click("text=Send back with the note");
  const id = idOf(his.page);
  const hers = await open(browser, `${house.url}/share/${id}`, { session: maren });
  assert.match(await hers.page.textContent("main"), /Sent back.*Kofi Mensah:.*Say which year/s);
  await hers.page.fill("[data-post]", "We measured thirty breweries in 2025.");
  await hers.page.click("text=Save and hand in");
  await reloaded(his.page);
  await his.page.click("text=Approve");
  assert.match(await his.page.textContent("main"), /Approved.*Kofi Mensah let it go; it has no time yet/s);
  await looked(his.page);
  const soon = new Date(Date.now() + 86_400_000).toISOString().slice(0, 16);
  await his.page.fill("[name=at]", soon);
  await his.page.getByRole("button", { name: "Schedule" }).click();
  assert.match(await his.page.textContent("main"), /It goes on .* \(UTC\), unless it is moved or withdrawn/);
  await his.page.getByRole("button", { name: "Withdraw" }).click();
  assert.match(await his.page.textContent("main"), /it has no time yet/);
  await his.page.fill("[name=at]", soon);
  await his.page.getByRole("button", { name: "Schedule" }).click();
  await hers.page.goto(`${house.url}/share/${id}`);
  await hers.page.click("text=Put back to draft");
  assert.match(await hers.page.textContent("main"), /Nobody outside sees it/);
  assert.equal(social.sent.length, 0);
  await hers.page.click("text=Save and hand in");
  await reloaded(his.page);
  await his.page.click("text=Approve");
  hers.calm();
  his.calm();
});

test("it is published once on each channel; the one that fails is seen, repeated, and does not hold up the other", async () => {
  const { page, calm } = await open(browser, house.url + "/share?view=scheduled", { session: kofi });
  await page.click(".share-line");
  const id = idOf(page);
  social.loses = 1;
  other.isOpen = false;
  await page.click("text=Publish now");
  await eventually("it is there on one and failed on the other", async () => (await post(id)).channels.map((c) => c.state).sort().join() === "failed,sent");
  assert.equal(social.sent.length, 1, "published once, although the answer was lost");
  assert.equal(social.sent[0].status, "We measured thirty breweries in 2025.");
  assert.deepEqual([social.sent[0].visibility, social.sent[0].in_reply_to_id], ["public", undefined]);
  await page.goto(house.url + "/share?view=failed");
  assert.match(await page.textContent(".shares"), /Halden elsewhere: failed/);
  await looked(page);
  await page.click(".share-line");
  assert.match(await page.textContent("main"), /Mastodon: signed out: The access token is invalid/);
  await looked(page);
  other.isOpen = true;
  await page.click("text=Publish there again");
  await eventually("it is there", async () => (await post(id)).channels.every((c) => c.state === "sent"));
  assert.deepEqual(other.sent.map((s) => s.status), ["Thirty breweries, one year."]);
  calm();
});

test("what came of it is seen at the post, at the step and at the improvement; who answers is at the desk", async () => {
  const [line] = (await api("/api/v1/share?view=published")).body;
  social.receive(social.sent[0].id, 12, 3);
  social.say("Aino Saari", "@halden Which ones?", { in_reply_to_id: social.sent[0].id });
  social.say("Bob Unknown", "@halden What does it cost?", { in_reply_to_id: social.sent[0].id });
  await eventually("its figures are read", async () => (await post(line.id)).channels.some((c) => c.likes === 12));
  await eventually("two conversations began", async () => (await post(line.id)).threads.length === 2);
  const { page, calm } = await open(browser, `${house.url}/share/${line.id}`, { session: maren });
  assert.match(await page.textContent("main"), /12 likes, 3 reposts/);
  assert.match(await page.textContent(".side"), /Which ones\?.*What does it cost\?|What does it cost\?.*Which ones\?/s);
  await looked(page);
  await page.locator(".side >> text=What does it cost?").click();
  assert.match(await page.textContent(".side"), new RegExp(`It answers a post of ours, shared at ${steps[0]}`));
  await page.click("text=The post it answers");
  await page.goto(`${house.url}/p/deals/map?panel=${encodeURIComponent(steps[0])}`);
  assert.match(await page.textContent("#step"), /1 post: 12 likes, 3 reposts.*2 conversations at the desk/s);
  await looked(page);
  await page.locator("#step").getByRole("link", { name: "Shared here" }).click();
  assert.match(await page.textContent("h1"), new RegExp(`Share at ${steps[0]}`));
  await looked(page);
  const [imp] = (await api("/api/v1/processes/deals/improvements")).body;
  await page.goto(`${house.url}/p/deals/improvements/${imp.id}`);
  assert.match(await page.textContent("main"), /Posts published\s*1.*Likes, as channels tell\s*12.*Conversations that began with it\s*2/s);
  const events = (await (await house.ask("/api/v1/audit?limit=200")).json()).map((e) => e.kind);
  for (const kind of ["share.drafted", "share.reviewed", "share.published", "share.echoed"]) assert.ok(events.includes(kind), kind);
  calm();
});

test("without scripts: words of a customer need her name and her permission before they are published", async () => {
  social.say("Aino Saari", "@halden Our Deal 001 pays for itself within a single year.");
  const said = async () => (await api("/api/v1/desk")).body.some((t) => t.case === "Deal 001");
  await eventually("it is on her case", said);
  const address = `/share/new?process=deals&step=${encodeURIComponent(steps[0])}&case=Deal%20001`;
  const { page, calm } = await open(browser, house.url + address, { session: maren, javaScriptEnabled: false });
  assert.match(await page.textContent(".side"), /Aino Saari.*pays for itself within a single year/s);
  await page.fill("[name=body]", "A customer: \"pays for itself within a single year\"");
  await page.locator(".share-channel", { hasText: "Halden on Mastodon" }).getByRole("checkbox").check();
  await page.getByLabel("Nobody's: all of it is ours").check();
  await page.click("text=Save and hand in");
  assert.match(await page.textContent("[role=alert]"), /It holds words of Aino Saari: say so, with the permission/);
  await page.getByLabel("Somebody's, with her permission").check();
  await page.fill("[name=whose_0]", "Aino Saari");
  await page.click("text=Save and hand in");
  assert.match(await page.textContent("[role=alert]"), /Say who gave the permission for words of Aino Saari/);
  await page.fill("[name=body]", "Aino Saari: \"pays for itself within a single year\"");
  await page.fill("[name=given_by_0]", "Aino Saari");
  await page.fill("[name=given_how_0]", "mail to Maren");
  await page.fill("[name=given_on_0]", "2999-01-01");
  await page.click("text=Save and hand in");
  assert.match(await page.textContent("[role=alert]"), /A permission was given on a day to come/);
  assert.match(await page.inputValue("[name=body]"), /^Aino Saari:/, "what was written stays");
  await page.fill("[name=given_on_0]", "2026-01-05");
  await page.click("text=Save and hand in");
  assert.match(await page.textContent("main"), /To review.*Aino Saari, words.*Aino Saari said yes on 5 Jan 2026, mail to Maren/s);
  calm();
});

test("a manager says whose posts need nobody, and a guest shares nothing", async () => {
  const { page, calm } = await open(browser, house.url + "/share");
  await page.getByRole("button", { name: /Needs no review\s*: Maren Voss/ }).click();
  assert.match(await page.textContent(".free"), /Maren Voss\s*needs none\s*Read first again/);
  await looked(page);
  const made = await api("/api/v1/share", maren, { method: "POST", body: JSON.stringify({ key: "free", process: "deals", step: steps[0], post: { text: "Short", republishes: "nobody", channels: [{ connection: (await (await house.ask("/api/v1/connections")).json())[0].id }] } }) });
  assert.equal(made.status, 201);
  const handed = await api(`/api/v1/share/${made.body.id}/hand-in`, maren, { method: "POST" });
  assert.equal(handed.body.state, "approved");
  const later = await api(`/api/v1/share/${made.body.id}/time`, maren, { method: "PUT", body: JSON.stringify({ at: (Date.now() + 3_600_000) * 1000 }) });
  assert.equal(later.body.state, "scheduled");
  assert.equal((await api(`/api/v1/share/${made.body.id}/time`, maren, { method: "DELETE" })).body.state, "approved");
  const hostile = "<script>alert(1)</script><b>\u202ebold</b>";
  const text = { text: hostile, republishes: "somebody", credits: [{ whose: hostile, given_by: hostile, given_how: hostile }] };
  const bad = await api("/api/v1/share", maren, { method: "POST", body: JSON.stringify({ key: "hostile", process: "deals", step: steps[0], post: text }) });
  const hers = await open(browser, `${house.url}/share/${bad.body.id}`, { session: maren });
  assert.equal(await hers.page.locator("main script, main b:has-text('bold') b").count(), 0, "what is written is text");
  await looked(hers.page);
  await hers.page.goto(house.url + "/share?view=drafts");
  await looked(hers.page);
  hers.calm();
  house.run("people", "add", "gil@elsewhere.example", "--name", "Gil", "--role", "guest");
  const guest = await house.signIn("gil@elsewhere.example");
  assert.equal((await api("/api/v1/share", guest)).status, 403);
  assert.equal((await fetch(house.url + "/share", { headers: { cookie: `tenon_session=${guest}` } })).status, 403);
  calm();
});
