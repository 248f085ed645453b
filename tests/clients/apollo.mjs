// Apollo Client with its link for persisted queries, by GET.
import { createHash } from "node:crypto";

import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

import { noting, question, report } from "./exchanges.mjs";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const client = new ApolloClient({
  cache: new InMemoryCache({ possibleTypes: question.possibleTypes }),
  link: new PersistedQueryLink({ sha256, useGETForHashedQueries: true }).concat(
    new HttpLink({ uri: question.url, fetch: noting }),
  ),
});
const query = gql(question.document);

await report(() => client.query({ query, variables: question.variables, fetchPolicy: "network-only" }));
client.stop();
