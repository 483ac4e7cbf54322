// A stand-in for a Jive (REST version 3), after its documentation and what was recorded of it: places, discussions, marked answers, people.
import { createServer } from "node:http";
import { freePort } from "./tenon.js";

const GUARD = "throw 'allowIllegalResourceCall is false.';\n";

/** `ask(place, by, subject, answers)` makes a discussion and returns it: set its `answer` and `helpful` to messages of it, `gone`, or change its words;
 * `password` is what opens it, `storm` how many requests are told to wait. */
export async function jive() {
  const server = { password: "hush-of-jive", storm: 0, asked: [] };
  const people = new Map([
    [7, { name: "Rika Brandt", email: "rika@elsewhere.example" }],
    [8, { name: "Olu Ade", email: "Olu@Halden.example" }],
    [9, { name: "Kim <b>Elsewhere</b>" }],
  ]);
  const places = new Map([
    [301838, { name: "Meters & mains", groupType: "OPEN" }],
    [301839, { name: "Board only", groupType: "SECRET" }],
  ]);
  const discussions = [];
  let last = 1000;
  const uri = (what, id) => `${server.url}/api/core/v3/${what}/${id}`;
  const resources = (what, id) => ({ self: { ref: uri(what, id), allowed: ["GET"] }, html: { ref: `${server.url}/${what}/${id}`, allowed: ["GET"] } });
  const summary = (id) => ({ id: String(id), type: "person", displayName: people.get(id).name, resources: resources("people", id) });
  const person = (id) => ({ ...summary(id), emails: people.get(id).email ? [{ value: people.get(id).email, primary: true }] : [], jive: { username: `user${id}`, enabled: true } });
  const place = (id) => ({ id: String(id - 297833), type: "group", memberCount: 9, ...places.get(id), resources: resources("places", id) });
  server.ask = (at, by, subject, answers) => {
    const id = ++last;
    const made = { id, place: at, by, subject, html: `<p>${subject}</p>`, helpful: [], changes: 0 };
    made.messages = answers.map(([who, html]) => ({ id: ++last, by: who, html }));
    discussions.push(made);
    return made;
  };
  const discussion = (d) => ({
    ...{ id: String(d.id - 900), type: "discussion", subject: d.subject, question: true, status: "published", author: summary(d.by) },
    ...{ content: { type: "text/html", text: `<body>${d.html}</body>` }, published: "2014-05-06T07:08:09.000+0000", updated: `2014-05-06T07:08:${10 + d.changes}.000+0000` },
    ...{ parent: uri("places", d.place), replyCount: d.messages.length, resources: resources("contents", d.id) },
    ...{ answer: d.answer ? uri("messages", d.answer.id) : undefined, helpful: d.helpful.map((m) => uri("messages", m.id)) },
  });
  const message = (m) => ({ id: String(m.id), type: "message", status: "published", author: summary(m.by), content: { type: "text/html", text: m.html }, published: "2014-05-07T07:08:09.000+0000", resources: resources("messages", m.id) });
  const list = (query, rows) => {
    const [start, count] = [Number(query.get("startIndex")), Number(query.get("count"))];
    return { list: rows.slice(start, start + count), links: rows.length > start + count ? { next: server.url } : {} };
  };
  const there = () => discussions.filter((d) => !d.gone);
  const found = (path, query) => {
    const [what, which] = path.split("/").slice(4);
    const filter = (name) => query.getAll("filter").find((f) => f.startsWith(name + "("))?.slice(name.length + 1, -1);
    const id = Number(which);
    if (what === "people") return which === "@me" ? person(7) : people.has(id) && person(id);
    if (what === "places" && which) return places.has(id) && place(id);
    if (what === "places") return list(query, [...places.keys()].map(place).filter((p) => p.name.toLowerCase().includes((filter("search") ?? "").toLowerCase())));
    if (what === "contents" && which) return there().filter((d) => d.id === id).map(discussion)[0];
    if (what === "contents") return list(query, there().filter((d) => uri("places", d.place) === filter("place")).map(discussion));
    if (what === "messages") return there().flatMap((d) => d.messages).filter((m) => m.id === id).map(message)[0];
  };
  const listener = createServer((request, response) => {
    const url = new URL(request.url, "http://x");
    server.asked.push(url.pathname);
    const answer = (code, body, headers = {}) => response.writeHead(code, { "content-type": "application/json", ...headers }).end(GUARD + JSON.stringify(body));
    const basic = "Basic " + Buffer.from(`rika:${server.password}`).toString("base64");
    if (request.headers.authorization !== basic) return answer(401, { error: { status: 401, message: "The password is over" } });
    if (server.storm > 0 && server.storm--) return answer(429, { error: { message: "slow down" } }, { "retry-after": "1" });
    const body = request.method === "GET" && found(url.pathname, url.searchParams);
    return body ? answer(200, body) : answer(404, { error: { status: 404, message: "not found" } });
  });
  server.port = await freePort();
  server.url = `http://127.0.0.1:${server.port}`;
  await new Promise((done) => listener.listen(server.port, "127.0.0.1", done));
  server.close = () => {
    listener.close();
    listener.closeAllConnections();
  };
  return server;
}
