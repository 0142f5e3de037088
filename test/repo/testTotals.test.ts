import { expect } from "chai";
import { countTests } from "../../scripts/testTotals.mjs";

const BOTH = `
Running Solidity tests

  test/unit/Counter/increase.t.sol:CounterTest
    - test_skips()
    1) test_fails()
    ✔ testFuzz_adds(uint256) (runs: 256)

Running Mocha tests

  x
    ✔ passes (368ms)
    1) fails

\u001b[92m \u001b[0m\u001b[32m 1 passing\u001b[0m\u001b[90m (375ms)\u001b[0m
\u001b[36m \u001b[0m\u001b[36m 2 pending\u001b[0m
\u001b[31m  2 failing\u001b[0m

5 passing (1 solidity, 4 mocha)
3 failing (1 solidity, 2 mocha)
1 skipped (1 solidity)
`;

describe("counting tests", () => {
  it("takes Mocha's own numbers, because Hardhat's count what did not run", () => {
    expect(countTests(BOTH)).to.deep.equal({ passed: 2, failed: 3, skipped: 3 });
  });

  it("counts a run of Solidity tests alone", () => {
    const output = "Running Solidity tests\n\n\n  20 passing\n  1 failing\n  3 skipped\n";
    expect(countTests(output)).to.deep.equal({ passed: 20, failed: 1, skipped: 3 });
  });

  it("counts a run that had minutes to tell", () => {
    expect(countTests("  12 passing (3m)\n\n12 passing (12 mocha)\n").passed).to.equal(12);
  });

  it("counts nothing where no test ran", () => {
    expect(countTests("Error HHE910: Compilation failed\n")).to.deep.equal({
      passed: 0,
      failed: 0,
      skipped: 0,
    });
  });

  it("is not taken in by what a test prints", () => {
    expect(countTests("the gate has 7 passing\n    9 passing\n7 passing\n").passed).to.equal(0);
  });
});
