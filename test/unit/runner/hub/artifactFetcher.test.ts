import { execFileSync } from "node:child_process";
import type { LookupAddress } from "node:dns";
import { mkdir, open, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { systemClock } from "../../../../offchain-runner/src/clock.ts";
import type { FetchPolicy } from "../../../../offchain-runner/src/hub/artifactFetcher.ts";
import { artifactFetcher } from "../../../../offchain-runner/src/hub/artifactFetcher.ts";
import type { ReleaseFile } from "../../../../offchain-runner/src/hub/release.ts";
import { FakeClock, until } from "../clocks.ts";
import { expectError } from "../expectError.ts";
import { ArtifactBench, fileOf, OPEN_POLICY } from "./artifacts.ts";

const CONTENT = "the weights of a model";

describe("artifactFetcher", () => {
  const bench = new ArtifactBench();
  const { signal } = new AbortController();
  afterEach(() => bench.close());

  async function fetched(
    file: ReleaseFile,
    policy: Partial<FetchPolicy> = {},
    {
      clock = systemClock,
      resolve,
      abort = signal,
    }: { clock?: FakeClock | typeof systemClock; resolve?: Resolve; abort?: AbortSignal } = {},
  ): Promise<string> {
    const target = join(await bench.folder(), "fetched");
    const handle = await open(target, "w");
    try {
      await artifactFetcher({ ...OPEN_POLICY, ...policy }, clock, resolve).fetchTo(file, handle, abort);
    } finally {
      await handle.close();
    }
    return readFile(target, "utf8");
  }

  type Resolve = (host: string) => Promise<LookupAddress[]>;
  const serveContent = () => bench.serve((_, response) => response.end(CONTENT));

  describe("over http", () => {
    it("returns what has the declared size and digest", async () => {
      const uri = `${await serveContent()}/model.onnx`;
      expect(await fetched(fileOf(CONTENT, uri))).to.equal(CONTENT);
    });

    it("asks for the bytes as they are, and carries nothing of its own", async () => {
      let headers: unknown;
      const origin = await bench.serve((request, response) => {
        headers = request.headers;
        response.end(CONTENT);
      });
      await fetched(fileOf(CONTENT, origin));
      expect(headers).to.deep.include({ "accept-encoding": "identity" });
      expect(headers).to.not.have.any.keys("authorization", "cookie");
    });

    it("refuses another digest", async () => {
      const file = { ...fileOf(CONTENT, await serveContent()), sha256: fileOf("other", "").sha256 };
      const error = await expectError(fetched(file), "artifact-digest-mismatch");
      expect(error.retryable).to.equal(false);
    });

    it("refuses fewer bytes than declared, and stops at the first too many", async () => {
      const uri = await serveContent();
      const long = { ...fileOf(CONTENT, uri), size: CONTENT.length + 1 };
      await expectError(fetched(long), "artifact-size-mismatch");
      let sent = 0;
      const endless = await bench.serve((_, response) => {
        const pump = () => {
          while (!response.destroyed && response.write(Buffer.alloc(1024))) sent += 1024;
        };
        response.on("drain", pump);
        pump();
      });
      await expectError(fetched(fileOf("x".repeat(100), endless)), "artifact-size-mismatch");
      expect(sent).to.be.lessThan(10_000_000);
    });

    it("refuses what declares itself larger than any file may be, without asking for it", async () => {
      let asked = 0;
      const uri = await bench.serve((_, response) => {
        asked += 1;
        response.end(CONTENT);
      });
      await expectError(fetched({ ...fileOf(CONTENT, uri), size: 2_000_000 }), "artifact-too-large");
      expect(asked).to.equal(0);
    });

    it("refuses encoded bodies", async () => {
      const uri = await bench.serve((_, response) =>
        response.writeHead(200, { "content-encoding": "gzip" }).end(CONTENT),
      );
      await expectError(fetched(fileOf(CONTENT, uri)), "artifact-encoding-refused");
    });

    for (const [status, code, retryable] of [
      [404, "artifact-not-found", false],
      [410, "artifact-not-found", false],
      [403, "artifact-uri-refused", false],
      [429, "artifact-unavailable", true],
      [500, "artifact-unavailable", true],
      [206, "artifact-unavailable", true],
    ] as const) {
      it(`turns ${status} into ${code}`, async () => {
        const uri = await bench.serve((_, response) => response.writeHead(status).end(CONTENT));
        const error = await expectError(fetched(fileOf(CONTENT, uri)), code);
        expect(error.retryable).to.equal(retryable);
      });
    }

    it("calls a broken connection unavailable", async () => {
      const cut = await bench.serve((_, response) => {
        response.writeHead(200, { "content-length": CONTENT.length });
        response.write(CONTENT.slice(0, 5), () => response.destroy());
      });
      const error = await expectError(fetched(fileOf(CONTENT, cut)), "artifact-unavailable");
      expect(error.retryable).to.equal(true);
      await bench.close();
      await expectError(fetched(fileOf(CONTENT, cut)), "artifact-unavailable");
    });

    it("refuses URLs with credentials, of absurd length, or that are none", async () => {
      for (const uri of [
        "http://me:secret@127.0.0.1/",
        `http://127.0.0.1/${"x".repeat(3_000)}`,
        "http://",
        "http://[::",
      ]) {
        const error = await expectError(fetched(fileOf(CONTENT, uri)), "artifact-uri-refused");
        expect(error.message).to.not.contain("secret");
      }
    });

    it("refuses plain http where it is not allowed", async () => {
      const uri = await serveContent();
      await expectError(fetched(fileOf(CONTENT, uri), { allowHttp: false }), "artifact-uri-refused");
    });
  });

  describe("on redirects", () => {
    const redirecting = (to: string) =>
      bench.serve((_, response) => response.writeHead(302, { location: to }).end());

    it("follows them by hand", async () => {
      const uri = await redirecting(`${await serveContent()}/elsewhere`);
      expect(await fetched(fileOf(CONTENT, uri))).to.equal(CONTENT);
    });

    it("stops after five", async () => {
      const uri = await bench.serve((request, response) =>
        response.writeHead(302, { location: `${request.url}x` }).end(),
      );
      await expectError(fetched(fileOf(CONTENT, uri)), "artifact-redirect-refused");
    });

    for (const target of [
      "file:///etc/passwd",
      "data:,x",
      "ftp://127.0.0.1/",
      "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
    ]) {
      it(`does not follow one to ${target}`, async () => {
        await expectError(fetched(fileOf(CONTENT, await redirecting(target))), "artifact-redirect-refused");
      });
    }

    it("does not follow one to nowhere", async () => {
      const uri = await bench.serve((_, response) => response.writeHead(302).end());
      await expectError(fetched(fileOf(CONTENT, uri)), "artifact-redirect-refused");
    });

    it("checks the address of every hop", async () => {
      const uri = await redirecting("http://169.254.169.254/latest/meta-data");
      await expectError(fetched(fileOf(CONTENT, uri)), "artifact-address-refused");
    });
  });

  describe("on addresses", () => {
    const literals = [
      "127.0.0.1",
      "0x7f.1",
      "2130706433",
      "0177.0.0.1",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "169.254.169.254",
      "0.0.0.0",
    ];
    for (const host of literals) {
      it(`refuses http://${host}/`, async () => {
        const file = fileOf(CONTENT, `http://${host}/`);
        const error = await expectError(
          fetched(file, { allowPrivateNetworks: false }),
          "artifact-address-refused",
        );
        expect(error.retryable).to.equal(false);
      });
    }

    it("refuses a name that leads inside, and one with a single such answer among others", async () => {
      const inside = { address: "10.0.0.8", family: 4 };
      const outside = { address: "93.184.216.34", family: 4 };
      for (const answer of [[inside], [outside, inside]]) {
        const resolve = async () => answer;
        const file = fileOf(CONTENT, "http://models.example/");
        await expectError(
          fetched(file, { allowPrivateNetworks: false }, { resolve }),
          "artifact-address-refused",
        );
      }
    });

    it("connects to the address that it checked, whatever the name server says next", async () => {
      const port = new URL(await serveContent()).port;
      let asked = 0;
      const resolve = async () => {
        asked += 1;
        return [{ address: asked === 1 ? "127.0.0.1" : "169.254.169.254", family: 4 }];
      };
      expect(await fetched(fileOf(CONTENT, `http://models.example:${port}/`), {}, { resolve })).to.equal(
        CONTENT,
      );
      expect(asked).to.equal(1);
    });

    it("calls a name that does not resolve unavailable", async () => {
      const resolve = () => Promise.reject(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }));
      await expectError(
        fetched(fileOf(CONTENT, "http://models.example/"), {}, { resolve }),
        "artifact-unavailable",
      );
      const empty = async () => [];
      await expectError(
        fetched(fileOf(CONTENT, "http://models.example/"), {}, { resolve: empty }),
        "artifact-unavailable",
      );
    });
  });

  describe("on time", () => {
    it("gives up on a host that stalls", async () => {
      const clock = new FakeClock();
      let hasBegun = false;
      const uri = await bench.serve((_, response) => {
        response.write(CONTENT.slice(0, 5), () => (hasBegun = true));
      });
      const outcome = expectError(fetched(fileOf(CONTENT, uri), {}, { clock }), "artifact-timeout");
      await until(() => hasBegun);
      clock.advance(OPEN_POLICY.timeouts.stallMs);
      const error = await outcome;
      expect(error.retryable).to.equal(true);
      expect(error.data).to.deep.equal({ phase: "stalled", limitMs: 10_000 });
      expect(clock.sleeping).to.equal(0);
    });

    it("gives up on one that drips", async () => {
      const clock = new FakeClock();
      const uri = await bench.serve((_, response) => {
        response.write("a");
        const drip = setInterval(() => {
          clock.advance(OPEN_POLICY.timeouts.stallMs / 2);
          response.write("b");
        }, 5);
        response.on("close", () => clearInterval(drip));
      });
      const error = await expectError(
        fetched(fileOf("x".repeat(10_000), uri), {}, { clock }),
        "artifact-timeout",
      );
      expect(error.data.phase).to.equal("total");
    });

    it("gives up on one that never answers, and on a name server that does not", async () => {
      let asked = 0;
      const uri = await bench.serve(() => {
        asked += 1;
      });
      const clock = new FakeClock();
      const silent = expectError(fetched(fileOf(CONTENT, uri), {}, { clock }), "artifact-timeout");
      await until(() => asked === 1);
      clock.advance(10_000);
      await silent;
      const resolve = () => {
        asked += 1;
        return new Promise<LookupAddress[]>(() => undefined);
      };
      const nameless = expectError(
        fetched(fileOf(CONTENT, "http://models.example/"), {}, { clock, resolve }),
        "artifact-timeout",
      );
      await until(() => asked === 2);
      clock.advance(10_000);
      await nameless;
    });

    it("ends with the caller's own reason when aborted", async () => {
      const abort = new AbortController();
      const uri = await bench.serve(() => abort.abort("enough"));
      const outcome = fetched(fileOf(CONTENT, uri), {}, { abort: abort.signal }).catch(
        (error: unknown) => error,
      );
      expect(await outcome).to.equal("enough");
    });
  });

  describe("in the model folder", () => {
    async function modelFolder(): Promise<string> {
      const folder = join(await bench.folder(), "models");
      await mkdir(join(folder, "inner"), { recursive: true });
      await writeFile(join(folder, "inner", "model.onnx"), CONTENT);
      await writeFile(join(await bench.folder(), "secret"), CONTENT);
      return folder;
    }

    it("reads relative paths and file URLs", async () => {
      const folder = await modelFolder();
      const url = pathToFileURL(join(folder, "inner", "model.onnx")).href;
      for (const uri of ["inner/model.onnx", url]) {
        expect(await fetched(fileOf(CONTENT, uri), { modelFolder: folder })).to.equal(CONTENT);
      }
    });

    it("refuses every way out", async () => {
      const folder = await modelFolder();
      await symlink(join(await bench.folder(), "secret"), join(folder, "link"));
      await symlink(await bench.folder(), join(folder, "up"));
      const outside = pathToFileURL(join(await bench.folder(), "secret")).href;
      const inside = pathToFileURL(folder).href;
      const ways = [
        "../secret",
        "/etc/passwd",
        "link",
        "up/secret",
        outside,
        `${inside}/../secret`,
        `${inside}/%2e%2e/secret`,
        `${inside}/x%2f..%2f..%2fsecret`,
        "file://host/etc/passwd",
        inside,
        "inner\\model.onnx",
        "",
      ];
      for (const uri of ways)
        await expectError(fetched(fileOf(CONTENT, uri), { modelFolder: folder }), "artifact-uri-refused");
    });

    it("refuses folders and pipes", async () => {
      const folder = await modelFolder();
      execFileSync("mkfifo", [join(folder, "pipe")]);
      for (const uri of ["inner", "pipe"]) {
        await expectError(fetched(fileOf(CONTENT, uri), { modelFolder: folder }), "artifact-uri-refused");
      }
    });

    it("says what is not there, and refuses all where there is no folder", async () => {
      const folder = await modelFolder();
      await expectError(
        fetched(fileOf(CONTENT, "inner/other.onnx"), { modelFolder: folder }),
        "artifact-not-found",
      );
      await expectError(fetched(fileOf(CONTENT, "inner/model.onnx")), "artifact-uri-refused");
    });
  });

  describe("on other schemes", () => {
    const CID = "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";

    it("reads ipfs through the gateway, wherever that is", async () => {
      const asked: (string | undefined)[] = [];
      const gateway = await bench.serve((request, response) => {
        asked.push(request.url);
        response.end(CONTENT);
      });
      const policy = { ipfsGateway: `${gateway}/gw/`, allowHttp: false, allowPrivateNetworks: false };
      expect(await fetched(fileOf(CONTENT, `ipfs://${CID}/v1/model.onnx`), policy)).to.equal(CONTENT);
      expect(await fetched(fileOf(CONTENT, `ipfs://${CID}`), policy)).to.equal(CONTENT);
      expect(asked).to.deep.equal([`/gw/ipfs/${CID}/v1/model.onnx`, `/gw/ipfs/${CID}`]);
    });

    it("lets a release neither name the gateway's address itself nor leave its ipfs paths", async () => {
      const gateway = await serveContent();
      const policy = { ipfsGateway: gateway, allowHttp: true, allowPrivateNetworks: false };
      await expectError(
        fetched(fileOf(CONTENT, `${gateway}/api/v0/config`), policy),
        "artifact-address-refused",
      );
      for (const uri of [
        `ipfs://${CID}/../../api`,
        "ipfs://../api",
        `ipfs://${CID}?x=1`,
        "ipfs://",
        `ipfs://${CID}@evil.example`,
      ]) {
        await expectError(fetched(fileOf(CONTENT, uri), policy), "artifact-uri-refused");
      }
    });

    it("checks where a gateway redirects to", async () => {
      const gateway = await bench.serve((_, response) =>
        response.writeHead(302, { location: "http://10.0.0.1/" }).end(),
      );
      const policy = { ipfsGateway: gateway, allowPrivateNetworks: false };
      await expectError(fetched(fileOf(CONTENT, `ipfs://${CID}`), policy), "artifact-address-refused");
    });

    it("refuses ipfs without a gateway, and schemes it does not know", async () => {
      for (const uri of [`ipfs://${CID}`, "ftp://example.com/x", "gopher://example.com/", "javascript:0"]) {
        await expectError(fetched(fileOf(CONTENT, uri)), "artifact-uri-refused");
      }
    });

    it("reads small data URIs", async () => {
      const base64 = `data:application/octet-stream;base64,${Buffer.from(CONTENT).toString("base64")}`;
      expect(await fetched(fileOf(CONTENT, base64))).to.equal(CONTENT);
      expect(await fetched(fileOf(CONTENT, `data:,${encodeURIComponent(CONTENT)}`))).to.equal(CONTENT);
    });

    it("refuses large and malformed ones", async () => {
      for (const size of [1_001, 100_000]) {
        const large = "x".repeat(size);
        await expectError(fetched(fileOf(large, `data:,${large}`)), "artifact-too-large");
      }
      for (const uri of ["data:nothing", "data:,\u2603"])
        await expectError(fetched(fileOf(CONTENT, uri)), "artifact-uri-refused");
    });
  });

  it("says when the disk is full", async () => {
    const full = await open("/dev/full", "w");
    const { fetchTo } = artifactFetcher(OPEN_POLICY, systemClock);
    const error = await expectError(
      fetchTo(fileOf(CONTENT, `data:,${CONTENT}`), full, signal),
      "cache-disk-full",
    );
    expect(error.retryable).to.equal(true);
    await full.close();
  });
});
