// Listen is plugged into a step: what people say elsewhere is found, matched, looked at, answered or dismissed; noise is held.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, looked, open } from "../lib/browser.js";
import { mastodon } from "../lib/mastodon.js";
import { eventually, tenon } from "../lib/tenon.js";

const step = "Establish trust";
let house, browser, social, maren, at, improvement;
before(async () => {
  social = await mastodon();
  house = await tenon({ env: { TENON_ALLOW_HOSTS: `127.0.0.1:${social.port}` } });
  house.run("sample", "--import", "--plain", "--process", "Fresh", "--cases", "400", "--weeks", "30", "--teams", "4");
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss");
  maren = await house.signIn("maren@halden.example");
  at = `${house.url}/p/fresh/listen/${encodeURIComponent(step)}`;
  social.elsewhere("Ada Known", "I was here before");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  social?.close();
});

const queue = async (view = "open") => (await house.ask(`/api/v1/desk?view=${view}`)).json();
const post = (path, body) => house.ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) });

test("before a channel is connected and the tool plugged in, the page says what is missing", async () => {
  const { page, calm } = await open(browser, at);
  assert.match(await page.textContent("main"), /Nothing is read for this step now.*No channel is connected/s);
  await looked(page);
  await page.goto(house.url + "/connections/new?kind=mastodon");
  await page.fill("[name=server]", social.url);
  await page.fill("[name=token]", "open-sesame");
  await page.selectOption("[name=process]", { label: "Fresh" }).catch(() => {});
  await page.click("text=Sign in and look");
  await page.selectOption("[name=process]", { label: "Fresh" }).catch(() => {});
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  const planned = await post("/api/v1/processes/fresh/improvements", { step, tool: "listen", measure: "days-in-step" });
  assert.equal(planned.status, 201, await planned.clone().text());
  improvement = (await planned.json()).id;
  const started = await post(`/api/v1/improvements/${improvement}/start`);
  assert.ok(started.ok, await started.text());
  calm();
});

test("a manager says what is listened to; what cannot be is said with what to do; what is removed can be put back", async () => {
  const { page, calm } = await open(browser, at);
  assert.doesNotMatch(await page.textContent("main"), /Nothing is read/);
  assert.match(await page.textContent(".ear"), /phrases are found only in posts of people who let them be searched/);
  const listen = async (what, words) => {
    await page.selectOption("[name=what]", what);
    await page.fill("[name=words]", words);
    await page.getByRole("button", { name: "Listen", exact: true }).click();
  };
  await listen("tag", "two words");
  assert.match(await page.textContent("[role=alert]"), /#two words is no hashtag\. Write letters/);
  assert.equal(await page.inputValue("[name=words]"), "two words", "what was written stays");
  await listen("account", "@nobody@far.example");
  assert.match(await page.textContent("[role=alert]"), /nobody is called @nobody@far\.example/);
  await listen("tag", "#Brewing");
  await listen("phrase", "flow meter <b>");
  await listen("account", "@ada_known@elsewhere.example");
  const wishes = () => page.$$eval(".wishes:not(.is-gone) b", (all) => all.map((b) => b.textContent));
  assert.deepEqual(await wishes(), ["@ada_known@elsewhere.example", '"flow meter <b>"', "#Brewing"]);
  await page.getByRole("button", { name: 'Remove "flow meter <b>"' }).click();
  assert.equal((await wishes()).length, 2);
  await looked(page);
  await page.getByRole("button", { name: 'Put back "flow meter <b>"' }).click();
  assert.equal((await wishes()).length, 3);
  await page.click("text=Bring mentions of us");
  assert.ok((await wishes()).includes("mentions of us"));
  const member = await open(browser, at, { session: maren });
  assert.equal(await member.page.locator("main form").count(), 0, "a member looks only");
  member.calm();
  calm();
});

test("what is found waits beside the queue with its step, is dismissed and taken back, and becomes a thread by an answer", async () => {
  const name = (await (await house.ask("/api/v1/processes/fresh/cases")).json()).rows[0].name;
  social.elsewhere("Una Known", "It all drifts #brewing <script>alert(1)</script>");
  social.elsewhere("Cleo Other", `They of ${name} love it #brewing`);
  await eventually("it is found", async () => (await queue("found")).length >= 3);
  assert.deepEqual(await queue(), [], "nobody asked us");
  const all = await queue("found");
  assert.equal(all.find((t) => t.who === "Cleo Other").case, name);
  assert.match(all.find((t) => t.who === "Ada Known").reason, /Found by @ada_known@elsewhere\.example, listened to at Establish trust\./);
  const { page, calm } = await open(browser, house.url + "/desk?view=found", { session: maren });
  await looked(page);
  await page.click(".q:has-text('Una Known')");
  assert.match(await page.textContent(".thread"), /Found, not said to us\. Found by #Brewing, listened to at Establish trust/);
  assert.match(await page.textContent(".side"), /it belongs to Establish trust/);
  assert.equal(await page.locator(".thread script").count(), 0);
  await looked(page);
  await page.getByRole("button", { name: "Dismiss", exact: true }).click();
  assert.match(await page.textContent(".thread"), /Dismissed\./);
  assert.equal((await queue("dismissed")).length, 1);
  await page.click(".thread >> text=Undo");
  assert.equal((await queue("dismissed")).length, 0);
  await page.fill("form[action$='/reply'] [name=body]", "We would like to look at it.");
  await page.click(".composer >> text=Send");
  await eventually("it is answered", async () => (await queue("done")).length === 1);
  assert.equal(social.sent.length, 1);
  await page.goto(house.url + "/desk?view=found");
  await page.click(".q:has-text('Cleo Other')");
  await page.click("text=Into the queue");
  assert.equal((await queue()).length, 1);
  calm();
});

test("without scripts: copies, whom a colleague holds, and a crowd on a tag are held with their reason, and let through again", async () => {
  const text = "never buy a flow meter there they all drift #brewing";
  social.elsewhere("Bob Angry", text);
  await new Promise((done) => setTimeout(done, 20));
  social.elsewhere("Bob Copies", text);
  await eventually("the copy is held", async () => (await queue("held")).length === 1);
  const { page, calm } = await open(browser, house.url + "/desk?view=held", { session: maren, javaScriptEnabled: false });
  await page.click(".q");
  assert.match(await page.textContent(".thread"), /Held: repost of what is known/);
  await page.click("text=Let it in");
  await page.goto(house.url + "/desk?view=found");
  await page.click(".q:has-text('Bob Angry')");
  await page.click("text=Hold this account");
  assert.match(await page.textContent(".thread"), /Held: this account is blocked here/);
  await page.click(".side >> text=Undo");
  assert.match(await page.textContent(".thread"), /Found, not said to us/);
  for (let n = 0; n < 14; n++) social.elsewhere(`Angry ${n}`, `${n} times no #brewing`);
  await eventually("they are held together", async () => (await queue("held")).length >= 14);
  await page.goto(house.url + "/desk");
  assert.match(await page.textContent("main"), /Many accounts at once\. #Brewing on .*: \d+ accounts within an hour/);
  await page.click("text=Dismiss all");
  assert.match(await page.textContent("main"), /dismissed/);
  assert.equal((await queue("held")).length, 0);
  await page.click("form.crowd >> text=Undo");
  await page.click("text=Let all of them through");
  assert.equal((await queue("held")).length, 0);
  const looking = await open(browser, house.url + "/desk/filter");
  assert.match(await looking.page.textContent("main"), /@bob_copies@elsewhere\.example/);
  await looked(looking.page);
  await looking.page.goto(house.url + "/");
  assert.match(await looking.page.textContent("main"), /Many accounts at once on a hashtag/, "the owner is told");
  looking.calm();
  calm();
});

test("who objected is answered by nobody until she lifts it, and her page tells how it goes", async () => {
  social.say("Ines Weber", "Please leave me alone");
  await eventually("it is on the desk", async () => (await queue()).some((t) => t.who === "Ines Weber"));
  const one = (await queue()).find((t) => t.who === "Ines Weber");
  assert.equal(one.step, step, "a mention of no case goes to the step");
  const { page, calm } = await open(browser, `${house.url}/desk/${one.id}`, { session: maren });
  await page.click(".side >> a:has-text('Ines Weber')");
  const hers = page.url();
  await page.fill("[name=how]", "by her post <i>today</i>");
  await page.click("text=She objected");
  assert.match(await page.textContent("main"), /She objected on .* nobody answers her/);
  await looked(page);
  await page.goto(`${house.url}/desk/${one.id}`);
  assert.match(await page.textContent(".thread"), /Ines Weber objected to being answered/);
  assert.equal(await page.locator("form[action$='/reply']").count(), 0);
  await looked(page);
  const tried = await fetch(`${house.url}/api/v1/desk/${one.id}/replies`, { method: "POST", headers: { cookie: `tenon_session=${maren}`, "content-type": "application/json" }, body: JSON.stringify({ key: "k1", text: "Still there?" }) });
  assert.equal(tried.status, 409, await tried.text());
  await page.goto(hers);
  await page.fill("[name=how]", "she asked again");
  await page.click("text=She lifted her objection");
  await page.goto(`${house.url}/desk/${one.id}`);
  assert.equal(await page.locator("form[action$='/reply']").count(), 1);
  calm();
});

test("the step, the improvement and its page tell what listening brings", async () => {
  const { page, calm } = await open(browser, `${house.url}/p/fresh/map?panel=${encodeURIComponent(step)}`);
  assert.match(await page.textContent("#step"), /Listen \d+ found/);
  await looked(page);
  await page.click("#step >> text=What is listened to");
  assert.match(await page.textContent(".side"), /Found\d+.*Matched to a case.*Answered.*Noise/s);
  await looked(page);
  await page.goto(`${house.url}/p/fresh/improvements/${improvement}`);
  assert.match(await page.textContent("main"), /Finds a week/);
  await looked(page);
  calm();
});
