import { expect } from "chai";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";

describe("escrow commands", () => {
  let cli: CommandLine;

  before(async () => {
    cli = await commandLine();
  });

  after(async () => await cli.close());

  it("deposits for the account and for another, without an allowance", async () => {
    const [account, other = ""] = cli.accounts;
    expect(await cli.value("escrow deposit", { amount: "10.5" })).to.include({
      account,
      deposited: "10.5",
      balance: "10.5",
    });
    expect(await cli.value("escrow deposit", { amount: "1", account: other })).to.include({
      account: other,
      balance: "1",
    });
    expect(await cli.value("escrow show")).to.include({
      balance: "10.5",
      reserved: "0",
      reservations: 0,
      wallet: "189994988.5",
    });
    expect(await cli.protocol.opg.allowance(account ?? "", cli.protocol.requests)).to.equal(0n);
  });

  it("withdraws a part, then all", async () => {
    expect(await cli.value("escrow withdraw", { amount: "0.5", to: cli.accounts[2] })).to.include({
      withdrawn: "0.5",
      balance: "10",
    });
    expect(await cli.value("escrow withdraw", { amount: "all" })).to.include({
      withdrawn: "10",
      balance: "0",
    });
    expect(await cli.failure("escrow withdraw", { amount: "all" })).to.include({ code: "balance-low" });
  });

  it("refuses amounts and addresses that are none, and more than there is", async () => {
    for (const amount of ["", "0x10", "-3", "1.0000000000000000001", "all"]) {
      expect(await cli.failure("escrow deposit", { amount }), amount).to.include({
        code: "argument-invalid",
      });
    }
    expect((await cli.failure("escrow deposit", { amount: "0" })).data).to.include({ error: "DepositZero" });
    expect(await cli.failure("escrow deposit", { amount: "1", account: "me" })).to.include({
      code: "argument-invalid",
    });
    expect(await cli.failure("escrow deposit", { amount: "1", from: cli.accounts[5] })).to.include({
      code: "balance-low",
    });
    expect(await cli.failure("escrow withdraw", { amount: "1" })).to.include({ code: "balance-low" });
    expect(await cli.failure("escrow show", { account: `0x${"0".repeat(40)}` })).to.include({
      code: "argument-invalid",
    });
    expect(await cli.failure("escrow claim")).to.include({ code: "operator-missing" });
  });
});
