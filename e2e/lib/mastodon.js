// A stand-in for a server of the Mastodon API: one account, posts by others that a journey makes, and what was posted to it.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { freePort } from "./tenon.js";

/** `say(who, text, more)` makes a post that mentions us, `elsewhere` one that only who looks for it finds; `sent` is what came; `receive(id, likes, reposts)` says how it is
 * received; `isOpen` false means the token is over. With OAuth, `app` is who may ask for tokens: refresh tokens work once, and `app.refuses` ends them; `expire()` ends access tokens. */
export async function mastodon() {
  const statuses = new Map();
  const told = [];
  let last = 100;
  const us = { id: "1", acct: "halden", display_name: "Halden Meters", url: "https://social.example/@halden" };
  const server = { sent: [], isOpen: true, loses: 0, streams: new Set() };
  const app = (server.app = { id: "tenon-app", secret: "hush-of-the-app", given: [], renewals: 0, refuses: false });
  const codes = new Map();
  let access, refresh;
  server.expire = () => (access = undefined);
  const give = () => {
    [access, refresh] = ["access", "refresh"].map((what) => `${what}-${app.given.length}-of-${server.port}`);
    app.given.push(access, refresh);
    return { access_token: access, refresh_token: refresh, expires_in: 3600, token_type: "Bearer" };
  };
  const token = (form) => {
    if (form.get("client_id") !== app.id || form.get("client_secret") !== app.secret) return { error: "invalid_client", error_description: "Client authentication failed" };
    if (form.get("grant_type") === "refresh_token") {
      app.renewals++;
      return app.refuses || form.get("refresh_token") !== refresh ? { error: "invalid_grant", error_description: "The grant was revoked" } : give();
    }
    const code = codes.get(form.get("code"));
    codes.delete(form.get("code"));
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    return code?.get("code_challenge") === challenge && code.get("redirect_uri") === form.get("redirect_uri") ? give() : { error: "invalid_grant", error_description: "The code is not yours" };
  };
  /** The page where somebody allows it or does not. */
  const authorize = (query) => {
    const code = `code-${codes.size}-${query.get("state").slice(0, 6)}`;
    codes.set(code, query);
    const back = (more) => `${query.get("redirect_uri")}?${new URLSearchParams({ ...more, state: query.get("state") })}`.replaceAll("&", "&amp;");
    return `<!doctype html><html lang="en"><title>Social</title><h1>Let Tenon in?</h1><p>${query.get("scope")}</p><a href="${back({ code })}">Allow</a> <a href="${back({ error: "access_denied" })}">Deny</a>`;
  };
  const status = (account, content, more = {}) => {
    const id = String(++last);
    const made = { id, created_at: new Date().toISOString(), account, content, visibility: "public", url: `https://social.example/@x/${id}`, mentions: [], tags: [], media_attachments: [], favourites_count: 0, reblogs_count: 0, replies_count: 0, ...more };
    statuses.set(id, made);
    return made;
  };
  const people = new Map();
  const person = (who) => {
    const name = who.toLowerCase().replaceAll(" ", "_");
    const made = { id: `a-${name}`, acct: `${name}@elsewhere.example`, display_name: who, url: "https://elsewhere.example/@" + name };
    people.set(made.acct, made);
    return made;
  };
  server.elsewhere = (who, text, more) => {
    const tags = [...text.matchAll(/#(\w+)/g)].map(([, name]) => ({ name }));
    return status(person(who), `<p>${text}</p>`, { tags, isElsewhere: true, ...more }).id;
  };
  server.say = (who, text, more) => {
    const made = status(person(who), `<p>${text}</p>`, more);
    const notification = { id: String(++last), type: "mention", created_at: made.created_at, account: made.account, status: made };
    told.push(notification);
    for (const stream of server.streams) stream.write(`event: notification\ndata: ${JSON.stringify(notification)}\n\n`);
    return made.id;
  };
  server.remove = (id) => statuses.delete(id);
  server.receive = (id, likes, reposts) => Object.assign(statuses.get(id), { favourites_count: likes, reblogs_count: reposts });
  const routes = (method, path, query, body) => {
    if (path === "/api/v1/accounts/verify_credentials") return us;
    if (path === "/api/v1/apps/verify_credentials") return { name: "Tenon", scopes: ["read", "write:statuses"] };
    if (path === "/api/v1/notifications") {
      const after = Number(query.get("min_id") ?? 0);
      return told.filter((n) => Number(n.id) > after).slice(0, 40).reverse();
    }
    if (path === "/api/v1/statuses" && method === "POST") {
      const made = status(us, `<p>${body.status}</p>`, { in_reply_to_id: body.in_reply_to_id ?? null, visibility: body.visibility });
      server.sent.push({ ...body, id: made.id });
      return made;
    }
    if (path === "/api/v1/statuses") return query.getAll("id[]").map((id) => statuses.get(id)).filter(Boolean);
    const after = (is) => [...statuses.values()].filter((s) => s.account !== us && Number(s.id) > Number(query.get("min_id") ?? 0) && is(s)).slice(0, 40).reverse();
    const tag = /\/timelines\/tag\/(\w+)$/.exec(path);
    if (tag) return after((s) => s.tags.some((t) => t.name.toLowerCase() === tag[1].toLowerCase()));
    if (path === "/api/v1/accounts/lookup") return people.get(query.get("acct"));
    if (path === "/api/v2/search" && query.get("type") === "accounts") return { accounts: [], statuses: [], hashtags: [] };
    if (path === "/api/v2/search") return { accounts: [], statuses: after((s) => s.isElsewhere && s.content.includes(query.get("q").replaceAll('"', ""))), hashtags: [] };
    const hers = /\/accounts\/(a-\w+)\/statuses$/.exec(path);
    if (hers) return after((s) => s.account.id === hers[1]);
    if (/\/accounts\/1\/statuses$/.test(path)) return [...statuses.values()].filter((s) => s.account === us).reverse();
    const context = /\/statuses\/(\w+)\/context$/.exec(path);
    if (context) {
      const ancestors = [];
      for (let at = statuses.get(context[1]); at?.in_reply_to_id; at = statuses.get(at.in_reply_to_id)) {
        const before = statuses.get(at.in_reply_to_id);
        if (before) ancestors.unshift(before);
      }
      return { ancestors, descendants: [] };
    }
    return statuses.get(/\/statuses\/(\w+)$/.exec(path)?.[1]);
  };
  const listener = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url, "http://x");
    const answer = (code, body) => response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (url.pathname === "/oauth/authorize") return response.writeHead(200, { "content-type": "text/html" }).end(authorize(url.searchParams));
    if (url.pathname === "/oauth/token") {
      const given = token(new URLSearchParams(text));
      return answer(given.error ? 400 : 200, given);
    }
    const bearers = ["Bearer open-sesame", access && `Bearer ${access}`];
    if (!server.isOpen || !bearers.includes(request.headers.authorization ?? "")) return answer(401, { error: "The access token is invalid" });
    if (url.pathname === "/api/v1/streaming/user") {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(":)\n");
      server.streams.add(response);
      return response.on("close", () => server.streams.delete(response));
    }
    const found = routes(request.method, url.pathname, url.searchParams, text && JSON.parse(text));
    if (request.method === "POST" && server.loses-- > 0) return response.destroy();
    return found === undefined ? answer(404, { error: "Record not found" }) : answer(200, found);
  });
  server.port = await freePort();
  await new Promise((done) => listener.listen(server.port, "127.0.0.1", done));
  server.url = `http://127.0.0.1:${server.port}`;
  server.close = () => {
    listener.close();
    listener.closeAllConnections();
  };
  return server;
}
