// Calls the methods of the documented class: one JSON object a line in, one a line out.

import { createInterface } from "node:readline";

// Node 18, which Debian 12 has, hides what every newer one offers.
globalThis.crypto ??= (await import("node:crypto")).webcrypto;

const { Gatehouse } = await import(process.env.MODULE);
const gate = new Gatehouse(JSON.parse(process.env.SETTINGS));

for await (const line of createInterface({ input: process.stdin })) {
  const { verb, arguments: given } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await gate[verb](...given)) ?? null };
  } catch (failure) {
    answer = { failure: failure.message };
  }
  console.log(JSON.stringify(answer));
}
