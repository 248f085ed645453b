// urql with its exchange for persisted queries, by GET, behind its document cache, which adds `__typename`.
import { Client, cacheExchange, fetchExchange, gql } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";

import { noting, question, report } from "./exchanges.mjs";

const client = new Client({
  url: question.url,
  fetch: noting,
  preferGetMethod: false,
  exchanges: [cacheExchange, persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange],
});
const query = gql(question.document);

await report(() => client.query(query, question.variables, { requestPolicy: "network-only" }).toPromise());
