import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parseEther, parseUnits } from "ethers";
import { loadConfig } from "../../../offchain-runner/src/config.ts";
import { NodeError } from "../../../offchain-runner/src/nodeError.ts";
import { RELEASE } from "./fakes/someRequest.ts";

const ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const KEY = `0x${"11".repeat(32)}`;
const PASSWORD = { OPG_NODE_KEYSTORE_PASSWORD: "secret" };

describe("loadConfig", () => {
  let folder: string;
  const minimal = {
    chain: {
      rpcUrls: ["https://rpc.example/v2/key"],
      chainId: 84_532,
      addresses: { Operators: ADDRESS, ModelHub: ADDRESS, InferenceRequests: ADDRESS },
    },
    signer: { keystoreFile: "signer.json" },
    dataDir: "data",
    modelDir: "models",
    serve: [{ release: RELEASE }],
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "opg-config-"));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function load(config: unknown, environment: Record<string, string> = PASSWORD) {
    const file = join(folder, "config.json");
    writeFileSync(file, typeof config === "string" ? config : JSON.stringify(config));
    return loadConfig(file, environment);
  }

  function expectCode(code: string, config: unknown, environment?: Record<string, string>): NodeError {
    try {
      load(config, environment);
    } catch (error) {
      expect(error).to.be.instanceOf(NodeError).with.property("code", code);
      return error as NodeError;
    }
    return expect.fail(`no ${code}`);
  }

  it("fills in what is not said, and resolves paths from the file's folder", () => {
    const config = load(minimal);
    expect(config.dataDir).to.equal(join(folder, "data"));
    expect(config.signer).to.deep.equal({
      kind: "keystore",
      file: join(folder, "signer.json"),
      password: "secret",
    });
    expect(config.http).to.deep.equal({ host: "127.0.0.1", port: 9_464, trustForwardedFor: false });
    expect(config.serve[0]).to.deep.include({ minFee: 0n, modes: ["VANILLA"] });
    expect(config.fees.maxFeeGwei).to.equal(parseUnits("5", "gwei"));
    expect(config.artifacts.allowPrivateNetworks).to.equal(false);
  });

  it("takes the example that is shipped, but for the deployment it names", () => {
    const example = new URL("../../../offchain-runner/config.example.jsonc", import.meta.url);
    const text = readFileSync(example, "utf8");
    const deployed = text.replace(
      /"deploymentFile": "[^"]+"/,
      `"deploymentFile": "${writeDeployment(84_532)}"`,
    );
    const { serve, cover } = load(deployed);
    expect(serve).to.have.length(1);
    expect(cover).to.deep.equal({
      ...{ rateBps: 50, perResult: parseEther("100"), perPayer: parseEther("200"), total: parseEther("500") },
    });
  });

  it("takes comments, and leaves what looks like one in a text", () => {
    const text = JSON.stringify({ ...minimal, modelDir: "models//old/*not*/" });
    const { modelDir } = load(`// a node\n${text.replace(",", ", /* of\n ours */")}`);
    expect(modelDir).to.match(/models\/old\/\*not\*$/);
    expectCode("config-invalid", `${text} /* without an end`);
  });

  it("insures nothing unless told how much, and at what rate", () => {
    expect(load(minimal).cover).to.equal(undefined);
    const cover = { rateBps: 10_000, perResult: "1", perPayer: "1", total: "1" };
    expect(load({ ...minimal, cover }).cover?.total).to.equal(parseEther("1"));
    const refused = [
      { rateBps: 0 },
      { rateBps: 10_001 },
      { rateBps: 0.5 },
      { rateBps: undefined },
      { perResult: "0" },
      { perResult: "-1" },
      { perResult: "much" },
      { perResult: "2" },
      { perPayer: "2" },
      { total: undefined },
      { perCaller: "1" },
    ];
    for (const change of refused)
      expectCode("config-invalid", { ...minimal, cover: { ...cover, ...change } });
    expectCode("config-invalid", { ...minimal, cover: true });
  });

  it("proves with one process of 4 GiB unless told otherwise, with keys where the file says", () => {
    const usual = load(minimal).proofs;
    expect(usual).to.deep.equal({
      provers: 1,
      memoryMb: 4_096,
      timeoutMs: 120_000,
      queue: 64,
      maxWaiting: 16,
    });
    const serve = [{ release: RELEASE, modes: ["VANILLA", "ZK"], zkFee: "0.5", proofs: "keys/of-it" }];
    const [served] = load({ ...minimal, serve }).serve;
    expect(served).to.include({ zkFee: parseEther("0.5"), proofs: join(folder, "keys/of-it") });
  });

  it("claims covers of others from a whole OPG on", () => {
    expect(load(minimal).verifier.leastCover).to.equal(parseEther("1"));
    expectCode("config-invalid", { ...minimal, verifier: { leastCover: "-1" } });
  });

  it("runs from the environment alone", () => {
    const config = loadConfig(undefined, {
      OPG_NODE_RPC_URLS: "http://127.0.0.1:8545, http://127.0.0.1:8546",
      OPG_NODE_CHAIN_ID: "31337",
      OPG_NODE_DEPLOYMENT_FILE: writeDeployment(31_337),
      OPG_NODE_PRIVATE_KEY: KEY,
      OPG_NODE_DATA_DIR: folder,
      OPG_NODE_MODEL_DIR: folder,
      OPG_NODE_SERVE: JSON.stringify([{ release: `${ADDRESS}/eth-volatility-1h@1.00`, minFee: "0.25" }]),
      OPG_NODE_HTTP_PORT: "0",
    });
    expect(config.chain.rpcUrls).to.have.length(2);
    expect(config.chain).to.deep.include({ chainId: 31_337, fromBlock: 8 });
    expect(config.chain.addresses.ModelHub).to.equal(ADDRESS);
    expect(config.serve[0]?.minFee).to.equal(parseEther("0.25"));
    expect(config.http.port).to.equal(0);
  });

  it("serves, and checks a small sample beside it, unless told otherwise", () => {
    const { roles, verifier } = load(minimal);
    expect(roles).to.deep.equal(["inference"]);
    expect(verifier).to.include({ share: 0.02, commits: true, continuesOthers: false });
    const addresses = { ...minimal.chain.addresses, Disputes: ADDRESS };
    const { serve: _, modelDir: __, ...rest } = { ...minimal, chain: { ...minimal.chain, addresses } };
    const alone = load({ ...rest, roles: ["verifier"] });
    expect(alone.verifier.share).to.equal(1);
    expect(alone.serve).to.deep.equal([]);
    expect(load({ ...rest, roles: ["verifier"], verifier: { share: 0.5 } }).verifier.share).to.equal(0.5);
    expect(load(rest, { ...PASSWORD, OPG_NODE_ROLES: "verifier" }).roles).to.deep.equal(["verifier"]);
  });

  it("looks back as far as a lie is evidence where it checks others, and not where it serves alone", () => {
    const chain = { ...minimal.chain, addresses: { ...minimal.chain.addresses, Disputes: ADDRESS } };
    expect(load({ ...minimal, chain }).chain.lookbackBlocks).to.equal(5_000);
    expect(load({ ...minimal, chain, roles: ["inference", "verifier"] }).chain.lookbackBlocks).to.equal(
      50_000,
    );
    const told = { ...chain, lookbackBlocks: 7 };
    expect(load({ ...minimal, chain: told, roles: ["verifier"] }).chain.lookbackBlocks).to.equal(7);
  });

  it("refuses roles that cannot be filled", () => {
    const { serve: _, ...unserving } = minimal;
    expectCode("config-invalid", unserving);
    expectCode("config-invalid", { ...minimal, roles: ["verifier"] });
    expectCode("config-invalid", { ...minimal, roles: ["judge"] });
    expectCode("config-invalid", { ...minimal, roles: [] });
    expectCode("config-invalid", { ...minimal, verifier: { share: 2 } });
    const { modelDir: __, ...modelless } = minimal;
    expectCode("config-invalid", modelless);
  });

  it("takes a raw key on the local chain only", () => {
    const local = { ...minimal, chain: { ...minimal.chain, chainId: 31_337 } };
    expect(load(local, { OPG_NODE_PRIVATE_KEY: KEY }).signer).to.deep.equal({
      kind: "raw-key",
      privateKey: KEY,
    });
    const { message } = expectCode("raw-key-refused", minimal, { OPG_NODE_PRIVATE_KEY: KEY });
    expect(message).to.not.include(KEY.slice(2));
  });

  it("refuses secrets in the file", () => {
    expectCode("config-invalid", { ...minimal, signer: { privateKey: KEY } });
    expectCode("config-invalid", { ...minimal, signer: { keystoreFile: "a", password: "x" } });
  });

  it("reads the password from a file", () => {
    writeFileSync(join(folder, "password"), "from file\n");
    const signer = { keystoreFile: "signer.json", passwordFile: "password" };
    expect(load({ ...minimal, signer }, {}).signer).to.include({ password: "from file" });
  });

  it("refuses a deployment of another chain", () => {
    const chain = {
      rpcUrls: minimal.chain.rpcUrls,
      chainId: 84_532,
      deploymentFile: writeDeployment(31_337),
    };
    expectCode("config-invalid", { ...minimal, chain });
  });

  const wrong: [string, unknown][] = [
    ["a file that is not JSON", "{"],
    ["a file that is a list", "[]"],
    ["a key it does not know", { ...minimal, sevre: [] }],
    ["nothing to serve", { ...minimal, serve: [] }],
    ["a release that is neither id nor name", { ...minimal, serve: [{ release: "volatility" }] }],
    [
      "an amount with too many decimals",
      { ...minimal, serve: [{ release: RELEASE, minFee: "0.0000000000000000001" }] },
    ],
    ["a negative amount", { ...minimal, serve: [{ release: RELEASE, minFee: "-1" }] }],
    ["a mode that is not there yet", { ...minimal, serve: [{ release: RELEASE, modes: ["TEE"] }] }],
    ["a mode named twice", { ...minimal, serve: [{ release: RELEASE, modes: ["ZK", "ZK"] }] }],
    ["keys of proofs where none are made", { ...minimal, serve: [{ release: RELEASE, proofs: "keys" }] }],
    ["a fee of proofs where none are made", { ...minimal, serve: [{ release: RELEASE, zkFee: "1" }] }],
    ["no provers", { ...minimal, proofs: { provers: 0 } }],
    ["a limit of proofs that it does not know", { ...minimal, proofs: { memory: 1 } }],
    ["a port that is none", { ...minimal, http: { port: 70_000 } }],
    [
      "an endpoint that is no URL",
      { ...minimal, chain: { ...minimal.chain, rpcUrls: ["file:///etc/passwd"] } },
    ],
    ["no addresses", { ...minimal, chain: { ...minimal.chain, addresses: undefined } }],
    ["a batch beyond the contract's", { ...minimal, limits: { batchSize: 129 } }],
  ];
  for (const [name, config] of wrong) {
    it(`refuses ${name}`, () => void expectCode("config-invalid", config));
  }

  it("says which setting is wrong, and what it may be", () => {
    const words: [string, unknown][] = [
      [
        'serve[0].modes[1]: Invalid option: expected one of "VANILLA"|"ZK"',
        servedWith({ modes: ["ZK", "TEE"] }),
      ],
      ["serve[0].minFee: not an amount with at most 18 decimals", servedWith({ minFee: "1,5" })],
      ["serve[0].minFee: Invalid input: expected string, received boolean, or", servedWith({ minFee: true })],
      ['serve[0]: Unrecognized key: "fee"', servedWith({ fee: "1" })],
      ["serve: Invalid input: expected array, received number, or", { ...minimal, serve: 5 }],
      ["chain.rpcUrls[0]: Invalid URL", { ...minimal, chain: { ...minimal.chain, rpcUrls: ["ftp://a"] } }],
      ["serve: names a release twice", { ...minimal, serve: [...minimal.serve, ...minimal.serve] }],
      ['configuration: Unrecognized key: "sevre"', { ...minimal, sevre: [] }],
    ];
    for (const [text, config] of words) expect(() => load(config)).to.throw(NodeError, text);
  });

  function servedWith(settings: object): unknown {
    return { ...minimal, serve: [{ release: RELEASE, ...settings }] };
  }

  it("refuses a missing file, and a missing password", () => {
    expect(() => loadConfig(join(folder, "none.json"), {}))
      .to.throw(NodeError)
      .with.property("code", "config-invalid");
    expectCode("config-invalid", minimal, {});
    expectCode("config-invalid", minimal, { ...PASSWORD, OPG_NODE_SERVE: "{" });
  });

  function writeDeployment(chainId: number): string {
    const file = join(folder, "deployment.json");
    const contracts = Object.fromEntries(
      ["Operators", "ModelHub", "InferenceRequests", "OPG"].map((name) => [
        name,
        { address: ADDRESS, block: 8 },
      ]),
    );
    writeFileSync(file, JSON.stringify({ network: "x", chainId, contracts }));
    return file;
  }
});
