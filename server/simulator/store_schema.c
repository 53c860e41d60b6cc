/* The simulator's tables. Times are milliseconds since 1970; lists and objects are JSON text. */
#include "server/simulator/store.h"

static const char schema[] =
	"CREATE TABLE account ("
	" id TEXT PRIMARY KEY, name TEXT NOT NULL, created_ms INTEGER NOT NULL);"

	"CREATE TABLE zone ("
	" seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,"
	" account_id TEXT NOT NULL REFERENCES account(id), plan TEXT NOT NULL, created_ms INTEGER NOT NULL,"
	" record_count INTEGER NOT NULL DEFAULT 0);"

	/* The token itself is not kept: its SHA-256 is enough to know it again. */
	"CREATE TABLE token ("
	" seq INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, id TEXT NOT NULL, name TEXT NOT NULL,"
	" account_owned INTEGER NOT NULL, permissions INTEGER NOT NULL, zones TEXT, accounts TEXT);"

	/* The secret must be here, or no tunnel token could be made; that is why the file has mode 0600.
	 * secret_serial counts rotations, so that a connector knows whether its secret is still good. */
	"CREATE TABLE tunnel ("
	" seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account_id TEXT NOT NULL REFERENCES account(id),"
	" name TEXT NOT NULL, secret BLOB NOT NULL, secret_serial INTEGER NOT NULL DEFAULT 0,"
	" config_src TEXT NOT NULL, created_ms INTEGER NOT NULL, deleted_ms INTEGER,"
	" active_ms INTEGER, inactive_ms INTEGER,"
	" config TEXT, config_version INTEGER NOT NULL DEFAULT 0, config_ms INTEGER);"
	"CREATE UNIQUE INDEX tunnel_live_name ON tunnel(account_id, name) WHERE deleted_ms IS NULL;"

	/* When a tunnel had connectors: was_active_at asks for it. to_ms NULL: still. */
	"CREATE TABLE activity (tunnel_id TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER);"
	"CREATE INDEX activity_tunnel ON activity(tunnel_id, from_ms);"

	/* lag: behind the newest configuration by so many versions; NULL: config_version stands still. */
	"CREATE TABLE connector ("
	" seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tunnel_id TEXT NOT NULL, client_version TEXT NOT NULL,"
	" lag INTEGER, config_version INTEGER, secret_serial INTEGER NOT NULL, run_ms INTEGER NOT NULL,"
	" conns TEXT NOT NULL, opened_ms INTEGER NOT NULL);"
	"CREATE INDEX connector_tunnel ON connector(tunnel_id);"

	/* answer: the record as answers show it, made at each write, because lists of thousands are read far more often. */
	"CREATE TABLE record ("
	" seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, zone_id TEXT NOT NULL REFERENCES zone(id),"
	" name TEXT NOT NULL, type TEXT NOT NULL, content TEXT NOT NULL, ttl INTEGER NOT NULL,"
	" proxied INTEGER NOT NULL, comment TEXT, tags TEXT NOT NULL, settings TEXT NOT NULL, data TEXT,"
	" priority INTEGER, private_routing INTEGER, created_ms INTEGER NOT NULL, modified_ms INTEGER NOT NULL,"
	" comment_ms INTEGER, tags_ms INTEGER, answer TEXT NOT NULL);"
	"CREATE INDEX record_name ON record(zone_id, name, type, content);"
	"CREATE INDEX record_type ON record(zone_id, type, name, content);"; /* the order of lists */

const char *store_schema_sql(void)
{
	return schema;
}
