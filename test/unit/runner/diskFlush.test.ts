import { expect } from "chai";
import { NodeError } from "../../../offchain-runner/src/nodeError.ts";
import { openDatabase } from "../../../offchain-runner/src/store/database.ts";
import { DiskFlush } from "../../../offchain-runner/src/store/diskFlush.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

describe("DiskFlush", () => {
  let temp: TempDatabase;
  let flush: DiskFlush;

  beforeEach(() => {
    temp = new TempDatabase();
    flush = new DiskFlush(temp.folder);
  });

  afterEach(async () => {
    await flush.close();
    temp.dispose();
  });

  const commit = (number: number): void => {
    temp.database.exec(`INSERT INTO blocks VALUES (${number}, '0x01')`);
  };

  it("flushes what was committed before, again and again", async () => {
    for (let number = 0; number < 3; ++number) {
      commit(number);
      await flush.flushed();
    }
  });

  it("flushes many commits at once, and those that come during a flush with the next one", async () => {
    commit(0);
    const first = [flush.flushed(), flush.flushed()];
    expect(first[0]).to.equal(first[1]);
    await new Promise((resolve) => setImmediate(resolve));
    commit(1);
    const second = [flush.flushed(), flush.flushed()];
    expect(second[0]).to.equal(second[1]).and.to.not.equal(first[0]);
    await Promise.all([...first, ...second]);
  });

  it("leaves the database locked", async () => {
    commit(0);
    await flush.flushed();
    await flush.close();
    flush = new DiskFlush(temp.folder);
    expect(() => openDatabase(temp.folder))
      .to.throw(NodeError)
      .with.property("code", "data-dir-locked");
  });

  it("fails from the first failure on", async () => {
    const nowhere = new DiskFlush(`${temp.folder}/nowhere`);
    for (let i = 0; i < 2; ++i)
      expect(await nowhere.flushed().catch((error: NodeJS.ErrnoException) => error.code)).to.equal("ENOENT");
    await nowhere.close().catch(() => undefined);
  });
});
