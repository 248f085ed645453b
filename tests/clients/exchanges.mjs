// What every client here is given: a question on standard input, and a `fetch` that notes what went over the wire.
import { readFileSync } from "node:fs";

const patienceMilliseconds = 10_000; // for one request

// { url, document, variables, possibleTypes, times }: asked so many times, each time over the network. `possibleTypes`
// are the members of interfaces, which Apollo Client wants to know.
export const question = JSON.parse(readFileSync(0, "utf8"));

const exchanges = [];
const kept = new Map();

// As the HTTP cache of a browser or a phone does beneath the client: keeps answers to GET that have an ETag, asks
// whether they are still right, and gives the kept one out when they are.
export async function noting(address, options = {}) {
  const method = options.method ?? "GET";
  const headers = new Headers(options.headers);
  const old = method === "GET" ? kept.get(address) : undefined;
  if (old) headers.set("If-None-Match", old.etag);
  const answer = await fetch(address, { ...options, headers, signal: AbortSignal.timeout(patienceMilliseconds) });
  const text = await answer.text();
  const url = new URL(address);
  const sent = method === "GET" ? Object.fromEntries(url.searchParams) : JSON.parse(options.body);
  const extensions = typeof sent.extensions === "string" ? JSON.parse(sent.extensions) : sent.extensions;
  exchanges.push({
    method,
    query: sent.query ?? null,
    hash: extensions?.persistedQuery?.sha256Hash ?? null,
    accept: headers.get("accept"),
    isRevalidation: old !== undefined,
    status: answer.status,
    contentType: answer.headers.get("content-type"),
    cacheControl: answer.headers.get("cache-control"),
    etag: answer.headers.get("etag"),
    errors: text ? (JSON.parse(text).errors ?? []).map((error) => error.message) : [],
  });
  if (answer.status === 304) return new Response(old.text, { headers: old.headers });
  const etag = answer.headers.get("etag");
  if (method === "GET" && etag) kept.set(address, { etag, text, headers: answer.headers });
  return new Response(text, { status: answer.status, headers: answer.headers });
}

// Asks, and prints what the client made of each answer and what went over the wire for it.
export async function report(ask) {
  const answers = [];
  for (let time = 0; time < (question.times ?? 1); time++) {
    const before = exchanges.length;
    const { data = null, error = null } = await ask();
    answers.push({ data, error: error && String(error), exchanges: exchanges.slice(before) });
  }
  console.log(JSON.stringify(answers, null, 2));
}
