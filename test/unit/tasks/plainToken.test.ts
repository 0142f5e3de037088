import { expect } from "chai";
import { PlainToken__factory } from "../../../types/index.ts";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";
import { parametersOf } from "../../fixtures/protocol.ts";

const SUPPLY = 10n ** 27n;

describe("commands on an OPG without permits", () => {
  let cli: CommandLine;

  before(async () => {
    cli = await commandLine(async (connection) => {
      const [deployer] = await connection.ethers.getSigners();
      if (deployer === undefined) throw new Error("the network has no account");
      const token = await new PlainToken__factory(deployer).deploy(deployer, SUPPLY, 18);
      const parameters = await parametersOf("local");
      return { ...parameters, token: { ...parameters.token, existing: await token.getAddress() } };
    });
  });

  after(async () => await cli.close());

  it("approve what they deposit, and leave no allowance", async () => {
    const { outcome, stdout } = await cli.run("escrow deposit", { amount: "10.5" });
    expect(outcome.success).to.equal(true);
    expect(stdout).to.match(/takes no permits: approving 10\.5 OPG/);
    const { opg, requests } = cli.protocol;
    expect(await opg.allowance(cli.accounts[0] ?? "", requests)).to.equal(0n);
    expect(await requests.balanceOf(cli.accounts[0] ?? "")).to.equal(105n * 10n ** 17n);
  });

  it("use an allowance that is there", async () => {
    const { opg, requests } = cli.protocol;
    await opg.approve(requests, 10n ** 18n);
    const { stdout } = await cli.run("escrow deposit", { amount: "1" });
    expect(stdout).not.to.match(/approving/);
  });
});
