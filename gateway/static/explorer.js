// Starts GraphiQL on the page at /graphql, with the example operations in its tabs.
"use strict";

// What stands in the Headers editor until somebody puts a token there. A request never carries it.
const PLACEHOLDER = "Bearer <token>";

// Like every header, the token lives in this page's memory only: it is gone with a reload.
let rememberedToken = null;

async function start() {
  const root = document.getElementById("explorer");
  const defaultTabs = await loadExamples(root.dataset.examples);
  const title = React.createElement("span", { className: "product" }, "Softphone Gateway");
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
    React.createElement(GraphiQL.Logo, null, title),
  );
  ReactDOM.createRoot(root).render(element);
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
  return (request, options) => send(request, { ...options, headers: withToken(options?.headers ?? {}) });
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
