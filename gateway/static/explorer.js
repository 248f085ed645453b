// Starts GraphiQL on the page at /graphql, with the example operations in its tabs.
"use strict";

// What stands in the Headers editor until somebody puts a token there. A request never carries it.
const PLACEHOLDER = "Bearer <token>";

// A page of another origin cannot send it unasked: with a session cookie the gateway runs nothing without it.
const NO_FORM = { "GraphQL-Require-Preflight": "1" };

// Like every header, the token lives in this page's memory only: it is gone with a reload.
let rememberedToken = null;

async function start() {
  const root = document.getElementById("explorer");
  const [defaultTabs, name] = await Promise.all([loadExamples(root.dataset.examples), signedInAs()]);
  const title = React.createElement("span", { className: "product" }, "Softphone Gateway");
  const account = React.createElement("span", { className: "account" }, ...accountOf(name, root.dataset.signIn));
  const element = React.createElement(
    GraphiQL,
    {
      fetcher: makeFetcher(),
      storage: makeStorage(),
      defaultTabs,
      defaultHeaders: pretty({ Authorization: PLACEHOLDER }),
      defaultEditorToolsVisibility: "variables",
      shouldPersistHeaders: false,
    },
    React.createElement(GraphiQL.Logo, null, title, account),
  );
  ReactDOM.createRoot(root).render(element);
}

// Who the session cookie says is here; null for nobody.
async function signedInAs() {
  const { data } = await ask("SignedInAs", "query SignedInAs { viewer { name } }");
  return data?.viewer?.name ?? null;
}

function accountOf(name, signIn) {
  const onward = `${signIn}?next=${encodeURIComponent("/graphql")}`;
  if (name === null) return [React.createElement("a", { href: onward, key: "in" }, "Sign in")];
  return [
    React.createElement("span", { className: "person", title: name, key: "who" }, name),
    React.createElement("button", { type: "button", onClick: signOut, key: "out" }, "Sign out"),
  ];
}

async function signOut() {
  await ask("SignOut", "mutation SignOut { signOut(input: {}) { __typename } }");
  location.reload();
}

async function ask(operationName, query) {
  const answer = await fetch(location.pathname, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", ...NO_FORM },
    body: JSON.stringify({ operationName, query }),
  });
  return answer.json();
}

async function loadExamples(folder) {
  const index = await (await fetch(`${folder}/index.json`)).json();
  return Promise.all(
    index.map(async ({ file, variables, headers }) => ({
      query: await (await fetch(`${folder}/${file}`)).text(),
      variables: variables && pretty(variables),
      headers: headers && pretty(headers),
    })),
  );
}

function pretty(value) {
  return JSON.stringify(value, null, 2);
}

function makeFetcher() {
  // With a session cookie the gateway runs nothing without this header, which no page of another origin can send.
  const headers = { "GraphQL-Require-Preflight": "1" };
  const send = GraphiQL.createFetcher({ url: location.pathname, enableIncrementalDelivery: false, headers });
  return (request, options) => send(request, { ...options, headers: { ...NO_FORM, ...withToken(options?.headers ?? {}) } });
}

// A token that was sent from one tab stands in for the placeholder in all the others.
function withToken({ Authorization: given, ...others }) {
  if (given && given !== PLACEHOLDER) rememberedToken = given;
  const sent = given === PLACEHOLDER ? rememberedToken : given;
  return sent ? { ...others, Authorization: sent } : others;
}

// GraphiQL's history keeps the headers of each request, tokens included, whatever shouldPersistHeaders says.
function makeStorage() {
  const storage = GraphiQL.createLocalStorage({ namespace: "explorer" });
  const { setItem } = storage;
  storage.setItem = (key, value) => setItem(key, withoutHeaders(key, value));
  return storage;
}

function withoutHeaders(key, value) {
  if (key !== "graphiql:queries" && key !== "graphiql:favorites") return value;
  return JSON.stringify(JSON.parse(value), (name, entry) => (name === "headers" ? undefined : entry));
}

start().catch((error) => {
  document.getElementById("explorer").textContent = `GraphiQL could not start. ${error.message}`;
  throw error;
});
