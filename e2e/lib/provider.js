// An identity provider on a free port, in this process: npm's oidc-provider, with the people a journey names.
import { createServer } from "node:http";
import Provider from "oidc-provider";

/** `people`: claims by login, such as `{ maren: { email, email_verified, name, groups } }`. */
export async function provider(people, redirect) {
  const server = createServer((request, answer) => handle(request, answer));
  let handle = (_, answer) => answer.end();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://localhost:${server.address().port}`;
  const oidc = new Provider(url, {
    clients: [{ client_id: "tenon", client_secret: "a secret & more", redirect_uris: [redirect], response_types: ["code"], grant_types: ["authorization_code"] }],
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    features: { devInteractions: { enabled: true } },
    cookies: { keys: ["for tests only"] },
    renderError: (context, error) => { context.body = JSON.stringify(error); },
  });
  handle = oidc.callback();
  return { url, stop: () => { server.closeAllConnections(); return new Promise((done) => server.close(done)); } };
}
