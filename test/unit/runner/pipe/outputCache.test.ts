import { expect } from "chai";
import { OutputCache } from "../../../../offchain-runner/src/pipe/outputCache.ts";

const KEY_BYTES = "rx".length;

describe("OutputCache", () => {
  const output = (bytes: number): Uint8Array => new Uint8Array(bytes);

  it("keeps outputs by release and input", () => {
    const cache = new OutputCache(100);
    cache.put("r", "x", Uint8Array.of(1));
    expect(cache.get("r", "x")).to.deep.equal(Uint8Array.of(1));
    expect(cache.get("r", "y")).to.equal(undefined);
    expect(cache.get("s", "x")).to.equal(undefined);
  });

  it("drops what was not asked for longest when it is full", () => {
    const cache = new OutputCache(2 * (10 + KEY_BYTES));
    cache.put("r", "a", output(10));
    cache.put("r", "b", output(10));
    cache.get("r", "a");
    cache.put("r", "c", output(10));
    expect(cache.get("r", "b")).to.equal(undefined);
    expect(cache.get("r", "a")).to.not.equal(undefined);
    expect(cache.get("r", "c")).to.not.equal(undefined);
  });

  it("counts an output that is put again once", () => {
    const cache = new OutputCache(2 * (10 + KEY_BYTES));
    for (let i = 0; i < 5; ++i) cache.put("r", "a", output(10));
    cache.put("r", "b", output(10));
    expect(cache.get("r", "a")).to.not.equal(undefined);
  });

  it("keeps nothing that is larger than all of it, nor anything when it is off", () => {
    const cache = new OutputCache(5);
    cache.put("r", "a", output(10));
    expect(cache.get("r", "a")).to.equal(undefined);
    const off = new OutputCache(0);
    off.put("r", "a", output(0));
    expect(off.get("r", "a")).to.equal(undefined);
  });
});
