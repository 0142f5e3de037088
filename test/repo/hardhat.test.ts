import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import hre from "hardhat";
import { nameTypeScriptFiles } from "../../scripts/hardhat/loadableTypes.ts";
import { judgeWarnings, modernizeForgeStd } from "../../scripts/hardhat/warningsAsErrors.ts";
import { readCampaign } from "../fixtures/campaign.ts";

const FORGE_STD = fileURLToPath(
  new URL("../../node_modules/@layerzerolabs/toolbox-foundry/lib/forge-std", import.meta.url),
);

describe("the build", () => {
  it("compiles for a deployment what it compiles for the tests", () => {
    const { default: tested, production } = hre.config.solidity.profiles;
    expect(production).to.deep.equal(tested);
  });

  it("takes a warning in our sources for an error, and keeps silent about others'", () => {
    const warning = (file: string, errorCode = "2072") => ({
      type: "Warning",
      component: "general",
      severity: "warning" as const,
      errorCode,
      message: "Unused local variable.",
      formattedMessage: "Warning: Unused local variable.",
      sourceLocation: { file },
    });
    const fatal = judgeWarnings([
      warning("project/contracts/OPG.sol"),
      warning("project/test/unit/OPG/mint.t.sol"),
    ]);
    expect(fatal.map(({ type, severity }) => ({ type, severity }))).to.deep.equal([
      { type: "WarningAsError", severity: "error" },
      { type: "WarningAsError", severity: "error" },
    ]);
    expect(judgeWarnings([warning("npm/@openzeppelin/contracts@5.7.0/access/Ownable.sol")])).to.deep.equal(
      [],
    );
  });

  it("allows a test contract to be large, and no deployed one", () => {
    const tooLarge = (file: string) => ({
      type: "Warning",
      component: "general",
      severity: "warning" as const,
      errorCode: "5574",
      message: "Contract code size exceeds 24576 bytes",
      sourceLocation: { file },
    });
    expect(judgeWarnings([tooLarge("project/test/unit/Big.t.sol")])).to.deep.equal([]);
    expect(judgeWarnings([tooLarge("project/contracts/Big.sol")])).to.have.length(1);
  });

  it("keeps the length of every forge-std source, so that source maps stay true", () => {
    const sources = readdirSync(FORGE_STD, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".sol"),
    );
    expect(sources).to.include("Vm.sol");
    for (const name of sources) {
      const source = readFileSync(join(FORGE_STD, name), "utf8");
      expect(modernizeForgeStd(source), name).to.have.length(source.length);
    }
  });

  it("makes the generated types import files that exist", () => {
    expect(nameTypeScriptFiles(`export type { OPG } from './OPG.js';`)).to.equal(
      `export type { OPG } from './OPG.ts';`,
    );
    expect(nameTypeScriptFiles(`import { ethers } from "ethers/index.js";`)).to.equal(
      `import { ethers } from "ethers/index.js";`,
    );
  });
});

describe("a campaign", () => {
  it("is a fixed sample unless it is asked for", () => {
    const sample = readCampaign({});
    expect(sample.runs(256, 10_000)).to.equal(256);
    expect(sample.seed).to.equal(readCampaign({}).seed);
  });

  it("runs the full counts from the seed it is given", () => {
    const full = readCampaign({ CAMPAIGN: "full", CAMPAIGN_SEED: "0xff" });
    expect(full.runs(256, 10_000)).to.equal(10_000);
    expect(full.seed).to.equal(255n);
  });

  it("refuses what it does not know", () => {
    expect(() => readCampaign({ CAMPAIGN: "half" })).to.throw("CAMPAIGN");
    expect(() => readCampaign({ CAMPAIGN_SEED: "-1" })).to.throw("CAMPAIGN_SEED");
  });
});
