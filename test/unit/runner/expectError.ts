import { expect } from "chai";
import { NetworkError } from "../../../sdk/src/errors.ts";

/** The typed error that `work` ends with; anything else fails the test. */
export async function expectError(work: Promise<unknown>, code: string): Promise<NetworkError> {
  const outcome = await work.then(
    () => "no error at all",
    (error: unknown) => error,
  );
  if (!(outcome instanceof NetworkError))
    throw outcome instanceof Error ? outcome : new Error(String(outcome));
  expect(outcome.code, outcome.message).to.equal(code);
  return outcome;
}
