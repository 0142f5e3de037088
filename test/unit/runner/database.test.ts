import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { NodeError } from "../../../offchain-runner/src/nodeError.ts";
import { openDatabase, storeFailure, transact } from "../../../offchain-runner/src/store/database.ts";
import { MIGRATIONS } from "../../../offchain-runner/src/store/migrations.ts";
import { TempDatabase } from "./fakes/tempDatabase.ts";

describe("openDatabase", () => {
  let temp: TempDatabase;

  beforeEach(() => {
    temp = new TempDatabase();
  });

  afterEach(() => temp.dispose());

  const insert = "INSERT INTO blocks VALUES (1, '0x01')";
  const count = (): unknown => temp.database.prepare("SELECT count(*) AS n FROM blocks").get()?.n;

  it("keeps what was committed and migrates once", () => {
    temp.database.exec(insert);
    temp.reopen();
    expect(count()).to.equal(1);
    expect(temp.database.prepare("PRAGMA user_version").get()?.user_version).to.equal(MIGRATIONS.length);
  });

  it("refuses a second node on the same folder", () => {
    expect(temp.database.isOpen).to.equal(true);
    expect(() => openDatabase(temp.folder))
      .to.throw(NodeError)
      .with.property("code", "data-dir-locked");
  });

  it("refuses a folder of a newer node", () => {
    temp.database.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    expect(() => temp.reopen())
      .to.throw(NodeError)
      .with.property("code", "store-version-unknown");
  });

  it("refuses a damaged ledger, and keeps it apart from one that somebody uses", () => {
    temp.database.exec(insert);
    const file = join(temp.folder, "node.sqlite");
    temp.database.close();
    const whole = readFileSync(file);
    const noise = Buffer.from(whole);
    noise.fill(0xa5, 4_096);
    for (const bytes of [noise, whole.subarray(0, 8_192), Buffer.alloc(whole.length, 1)]) {
      writeFileSync(file, bytes);
      expect(() => openDatabase(temp.folder))
        .to.throw(NodeError)
        .that.includes({ code: "store-damaged", retryable: false });
    }
    writeFileSync(file, whole);
    const again = openDatabase(temp.folder);
    expect(again.prepare("SELECT count(*) AS n FROM blocks").get()?.n).to.equal(1);
    again.close();
  });

  it("begins no new ledger where there was one: its file emptied or gone, beside what a node leaves", () => {
    temp.database.close();
    const file = join(temp.folder, "node.sqlite");
    const whole = readFileSync(file);
    const leftovers = [
      () => writeFileSync(`${file}-wal`, "log"),
      () => mkdirSync(join(temp.folder, "releases")),
    ];
    for (const leave of leftovers) {
      leave();
      for (const lose of [() => writeFileSync(file, ""), () => rmSync(file)]) {
        lose();
        expect(() => openDatabase(temp.folder))
          .to.throw(NodeError)
          .that.includes({ code: "store-damaged" });
      }
      expect(existsSync(file)).to.equal(false);
      rmSync(`${file}-wal`, { force: true });
    }
    writeFileSync(file, whole);
    openDatabase(temp.folder).close();
  });

  it("says of a folder that it cannot have that it may be tried again", () => {
    const file = join(temp.folder, "a-file");
    writeFileSync(file, "");
    for (const folder of [file, join(file, "below")])
      expect(() => openDatabase(folder))
        .to.throw(NodeError)
        .that.includes({ code: "store-unavailable", retryable: true });
  });

  it("knows what SQLite says while the node runs", () => {
    const full = Object.assign(new Error("full"), { errcode: 13 });
    expect(storeFailure(full, "a")).to.include({ code: "store-unavailable", retryable: true });
    const torn = Object.assign(new Error("torn"), { errcode: 11 });
    expect(storeFailure(torn, "a")).to.include({ code: "store-damaged", retryable: false });
    expect(storeFailure(new TypeError("a defect"), "a")).to.equal(undefined);
  });

  it("undoes a transaction that fails, the nested part too", () => {
    const fail = (): void => {
      transact(temp.database, () => {
        transact(temp.database, () => temp.database.exec(insert));
        throw new Error("no");
      });
    };
    expect(fail).to.throw("no");
    expect(count()).to.equal(0);
    expect(temp.database.isTransaction).to.equal(false);
  });
});
