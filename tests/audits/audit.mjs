// Runs every audit of the public GraphQL-over-HTTP suite against the URL given and prints the results as JSON.
import { serverAudits } from "graphql-http";

const patienceMilliseconds = 10_000; // for one request; a server that hangs fails its audit instead of the run

const [url] = process.argv.slice(2);
if (!url) {
  console.error("usage: node audit.mjs URL");
  process.exit(2);
}

const fetchFn = (address, options) =>
  fetch(address, { ...options, signal: AbortSignal.timeout(patienceMilliseconds) });

async function outcome(audit) {
  try {
    const { status, reason = null } = await audit.fn();
    return { id: audit.id, name: audit.name, status, reason };
  } catch (error) {
    return { id: audit.id, name: audit.name, status: "error", reason: String(error) };
  }
}

const results = [];
for (const audit of serverAudits({ url, fetchFn })) results.push(await outcome(audit));
console.log(JSON.stringify(results, null, 2));
