import { readFileSync } from "node:fs";
import path from "node:path";
import { ManifestInvalidError, modeBits, parseManifest, releaseContentOf } from "@opg-network/sdk/manifest";
import { expect } from "chai";
import hre from "hardhat";

const shipped = ["btc-volatility-1h", "eth-volatility-1h"].map((name) => {
  const file = path.join(hre.config.paths.root, "models", name, "manifest.json");
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
});
const [valid = {}] = shipped;

function withField(field: string, value: unknown) {
  return { ...valid, [field]: value };
}

describe("manifests", () => {
  it("reads the shipped ones", () => {
    for (const manifest of shipped) {
      expect(parseManifest(manifest, "manifest").royalty).to.equal(10n ** 16n);
      expect(parseManifest(manifest, "manifest").minStake).to.equal(1_000n * 10n ** 18n);
    }
  });

  it("becomes the content that the hub takes", () => {
    const content = releaseContentOf(parseManifest(valid, "manifest"), ({ path: file }) => `base/${file}`);
    expect(content).to.deep.include({ entry: 0, arithmetic: 0, contributors: [] });
    expect(content.files[0]).to.include({ path: "model.onnx", uri: "base/model.onnx" });
    expect(content.inputs).to.deep.equal([{ name: "candles", dtype: 1, shape: [-1, 24, 4] }]);
    expect(modeBits(["VANILLA"])).to.equal(1);
    expect(modeBits(["TEE", "ZK"])).to.equal(6);
  });

  it("keeps a file's own URI", () => {
    const [file] = parseManifest(valid, "manifest").files;
    const manifest = parseManifest(withField("files", [{ ...file, uri: "ipfs://abc" }]), "manifest");
    expect(releaseContentOf(manifest, () => "unused").files[0]?.uri).to.equal("ipfs://abc");
  });

  const [file] = parseManifest(valid, "manifest").files;
  const tensor = { name: "x", dtype: "float32", shape: [1] };
  const account = `0x${"12".repeat(20)}`;
  const refused: [string, unknown][] = [
    ["a missing field", { name: "x" }],
    ["an unknown field", withField("royaltee", "1")],
    ["a name that the hub refuses", withField("name", "-model")],
    ["an entry that is no file", withField("entry", "other.onnx")],
    ["no files", withField("files", [])],
    ["a path that climbs out", withField("files", [{ ...file, path: "../model.onnx" }])],
    ["an absolute path", withField("files", [{ ...file, path: "/model.onnx" }])],
    ["a path twice", withField("files", [file, file])],
    ["an empty file", withField("files", [{ ...file, size: 0 }])],
    ["a digest in capitals", withField("files", [{ ...file, sha256: "A".repeat(64) }])],
    ["a dtype that cannot be carried", withField("inputs", [{ ...tensor, dtype: "string" }])],
    ["a dimension of zero", withField("inputs", [{ ...tensor, shape: [0] }])],
    ["nine dimensions", withField("inputs", [{ ...tensor, shape: Array(9).fill(1) }])],
    ["two tensors of one name", withField("outputs", [tensor, tensor])],
    ["no outputs", withField("outputs", [])],
    ["a name that is not ASCII", withField("inputs", [{ ...tensor, name: "é" }])],
    ["no mode", withField("modes", [])],
    ["an unknown mode", withField("modes", ["MAGIC"])],
    ["a royalty below a grain", withField("royalty", "0.0000001")],
    ["a royalty that is a number", withField("royalty", 0.01)],
    ["a contributor without a share", withField("contributors", [{ account, bps: 0 }])],
    [
      "a contributor twice",
      withField("contributors", [
        { account, bps: 1 },
        { account, bps: 1 },
      ]),
    ],
    [
      "more than the whole royalty",
      withField("contributors", [
        { account, bps: 6_000 },
        { account: `0x${"34".repeat(20)}`, bps: 4_001 },
      ]),
    ],
  ];
  for (const [what, value] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => parseManifest(value, "manifest")).to.throw(ManifestInvalidError);
    });
  }
});
