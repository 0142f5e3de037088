import { expect } from "chai";
import { ProgramError, type ProgramErrorCode } from "../../../../offchain-runner/src/exact/programError.ts";

/** That `work` throws a ProgramError of that code, and nothing else. */
export function expectProgramError(work: () => unknown, code: ProgramErrorCode): void {
  let thrown: unknown;
  try {
    work();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).to.be.instanceOf(ProgramError);
  expect((thrown as ProgramError).code).to.equal(code);
}
