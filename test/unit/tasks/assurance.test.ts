import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import hre from "hardhat";
import { type CommandLine, commandLine } from "../../fixtures/commands.ts";

const MODELS = path.join(hre.config.paths.root, "models");
const ATTRIBUTABLE = "attributable, not provable";
const PROVABLE = "a wrong answer can be proved on chain";

// Wherever a release or a mode is chosen, the command says what its answers are worth.
describe("what commands say of a release's answers", () => {
  let cli: CommandLine;

  before(async () => {
    cli = await commandLine();
    await cli.protocol.opg.transfer(cli.accounts[2] ?? "", 100n * 10n ** 18n);
  });

  after(async () => await cli.close());

  for (const [name, arithmetic, worth, input] of [
    ["eth-volatility-1h", "approximate", ATTRIBUTABLE, "candles"],
    ["digits", "exact", PROVABLE, "image"],
  ] as const) {
    it(`calls ${name} ${arithmetic}, from its publication to its answer`, async () => {
      const requester = cli.accounts[2];
      const said: [string, Record<string, unknown>][] = [
        ["hub publish", { folder: path.join(MODELS, name) }],
        ["hub show", { release: name }],
        ["operator onboard", { release: name, signer: signerOf(name), stake: "2000", price: "0.05" }],
        ["operator serve", { release: name, price: "0.06", operator: name === "digits" ? "2" : "1" }],
        ["network coverage", { release: name }],
      ];
      for (const [command, args] of said) {
        const { stdout, stderr } = await cli.run(command, args);
        expect(`${stdout}${stderr}`, command).to.include(worth);
        expect(`${stdout}${stderr}`, command).to.not.match(/verif(ied|iable)/i);
      }
      const sample = path.join(cli.folder, `${name}.json`);
      const asked = await cli.run("inference request", {
        release: name,
        from: requester,
        yes: true,
        ...(input === "candles"
          ? { candles: path.join(MODELS, name, "sample.json") }
          : { input: await zeros(sample) }),
      });
      expect(`${asked.stdout}${asked.stderr}`).to.include(worth);

      const listed = (await cli.value("hub list", { name })).releases as { arithmetic: string }[];
      expect(listed.map((row) => row.arithmetic)).to.deep.equal([arithmetic]);
      expect((await cli.value("network coverage", { release: name })).arithmetic).to.equal(arithmetic);
    });
  }

  const signerOf = (name: string) => cli.accounts[name === "digits" ? 4 : 3];
});

/** A blank image. */
async function zeros(file: string): Promise<string> {
  await writeFile(file, JSON.stringify({ image: [[Array.from({ length: 8 }, () => Array(8).fill(0))]] }));
  return file;
}
