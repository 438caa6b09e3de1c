// What every script here stands on: it talks with its test by lines of JSON, on stdin and stdout.
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";

globalThis.crypto ??= webcrypto; // Debian 12's Node 18 keeps them hidden, and libraries want them
globalThis.CryptoKey ??= webcrypto.CryptoKey;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export const tell = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

// What the test says next. When it says no more, this process ends.
export async function hear() {
  const { value, done } = await lines.next();
  return done ? process.exit() : JSON.parse(value);
}

// Do the one action that the test names, and tell what it brought.
export async function perform(actions, prepare) {
  const { action, ...given } = await hear();
  tell(await actions[action](await prepare(given)));
  await hear();
}
