// Preloaded into Azurite: fills its tables from a file before it answers, for a million rows by HTTP take long.
//
// A line of the file is one record: its rows as [partition, row, properties in base64]. A table takes the
// first so many lines. Rows get the form in which Azurite itself keeps what is inserted.
const { createReadStream } = require("node:fs");
const { createInterface } = require("node:readline");
const { dirname, join } = require("node:path");

const ACCOUNT = "devstoreaccount1";
const TIME = "2026-01-01T00:00:00.0000000Z";
const ETAG = `W/"datetime'${encodeURIComponent(TIME)}'"`;

function entity([partition, row, properties]) {
  const kept = { PartitionKey: partition, RowKey: row };
  for (const [name, content] of Object.entries(properties)) {
    kept[name] = content;
    kept[`${name}@odata.type`] = "Edm.Binary";
  }
  kept.Timestamp = TIME;
  kept["Timestamp@odata.type"] = "Edm.DateTime";
  return { PartitionKey: partition, RowKey: row, properties: kept, lastModifiedTime: TIME, eTag: ETAG };
}

async function fill(store, file, lines) {
  const rows = Object.fromEntries(Object.keys(lines).map((table) => [table, []]));
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const read = JSON.parse(line);
    for (const [table, most] of Object.entries(lines)) {
      if (number < most) for (const row of read) rows[table].push(entity(row));
    }
    number += 1;
  }
  for (const [table, all] of Object.entries(rows)) {
    await store.createTable({}, { account: ACCOUNT, table });
    store.db.getCollection(store.getTableCollectionName(ACCOUNT, table)).insert(all, true);
  }
}

module.exports = (file, lines) => {
  const Store = require(join(dirname(process.argv[1]), "persistence", "LokiTableMetadataStore")).default;
  const init = Store.prototype.init;
  Store.prototype.init = async function () {
    await init.call(this);
    await fill(this, file, lines);
  };
};
