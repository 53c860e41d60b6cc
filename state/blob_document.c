/** @file
 * All tables as one JSON document, and back:
 *
 * {"version": 4, "serial", "lineage", "outputs": {}, "resources": [], "adit": {"schema", "checksum", "tables":
 * {NAME: {"columns": [...], "rows": [[...]...]}}}}: what is outside "adit" is there for tools of terraform's and for
 * GitLab, which stores versions by the serial. The checksum is XXH3-128 over the canonical tables. */
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/str.h"
#include "state/blob.h"

#define VERSION 4

/** In an order in which none names a row of a later one. The budget is not kept: calls are not shared here. */
static const char *const tables[] = {"meta", "resource", "zone", "snapshot", "run", "change", "intent", "lease", "gateway"};

static enum rc prepare(struct blob_store *s, const char *sql, sqlite3_stmt **ret_statement)
{
	int result = sqlite3_prepare_v2(s->lite.db, sql, -1, ret_statement, NULL);

	return result == SQLITE_OK ? RC_OK : sqlite_fault(&s->lite, result);
}

static struct json *column_json(struct arena *arena, sqlite3_stmt *row, int column)
{
	switch (sqlite3_column_type(row, column)) {
	case SQLITE_NULL:
		return json_new(arena, JSON_NULL);
	case SQLITE_INTEGER:
		return json_new_int(arena, sqlite3_column_int64(row, column));
	default:
		return json_new_string(arena, (const char *)sqlite3_column_text(row, column));
	}
}

static enum rc push_row(struct arena *arena, sqlite3_stmt *row, struct json *rows)
{
	struct json *list = json_new(arena, JSON_ARRAY);
	enum rc rc = list ? RC_OK : RC_NOMEM;

	for (int i = 0; !rc && i < sqlite3_column_count(row); i++)
		rc = json_push(arena, list, column_json(arena, row, i));
	return rc ? rc : json_push(arena, rows, list);
}

static enum rc write_rows(struct blob_store *s, struct arena *arena, sqlite3_stmt *statement, struct json *table)
{
	struct json *columns = json_new(arena, JSON_ARRAY), *rows = json_new(arena, JSON_ARRAY);
	enum rc rc = columns && rows ? RC_OK : RC_NOMEM;
	int result = SQLITE_ROW;

	for (int i = 0; !rc && i < sqlite3_column_count(statement); i++)
		rc = json_push(arena, columns, json_new_string(arena, sqlite3_column_name(statement, i)));
	while (!rc && (result = sqlite3_step(statement)) == SQLITE_ROW)
		rc = push_row(arena, statement, rows);
	if (!rc && result != SQLITE_DONE)
		rc = sqlite_fault(&s->lite, result);
	if (!rc)
		rc = json_set(arena, table, "columns", columns);
	return rc ? rc : json_set(arena, table, "rows", rows);
}

static enum rc write_table(struct blob_store *s, struct arena *arena, const char *name, struct json *all)
{
	struct json *table = json_new(arena, JSON_OBJECT);
	const char *sql = arena_printf(arena, "SELECT * FROM %s ORDER BY 1, 2, 3", name);
	sqlite3_stmt *statement = NULL;
	enum rc rc = table && sql ? prepare(s, sql, &statement) : RC_NOMEM;

	if (!rc)
		rc = write_rows(s, arena, statement, table);
	sqlite3_finalize(statement);
	return rc ? rc : json_set(arena, all, name, table);
}

static const char *checksum_of(struct arena *arena, const struct json *all)
{
	struct strbuf text;
	const char *checksum = NULL;

	strbuf_init(&text, 0);
	json_write_canonical(&text, all);
	if (!strbuf_failed(&text))
		checksum = str_xxh3_hex(arena, strbuf_text(&text), text.size);
	strbuf_done(&text);
	return checksum;
}

static const char *lineage_of(const struct json *all)
{
	const struct json *rows = json_get(json_get(all, "meta"), "rows");
	const struct json *first = rows && json_count(rows) ? json_item(rows, 0) : NULL;
	const struct json *lineage = first && json_count(first) > 2 ? json_item(first, 2) : NULL;

	return lineage && lineage->type == JSON_STRING ? lineage->u.string : "";
}

static enum rc write_document(struct blob_store *s, struct arena *arena, int64_t serial, struct strbuf *text, const char **checksum)
{
	struct json *document = json_new(arena, JSON_OBJECT), *adit = json_new(arena, JSON_OBJECT);
	struct json *all = json_new(arena, JSON_OBJECT);
	enum rc rc = document && adit && all ? RC_OK : RC_NOMEM;

	for (size_t i = 0; !rc && i < sizeof(tables) / sizeof(tables[0]); i++)
		rc = write_table(s, arena, tables[i], all);
	if (rc)
		return rc;
	*checksum = checksum_of(s->lite.sql.run->arena, all);
	const struct {
		struct json *object;
		const char *key;
		struct json *value;
	} members[] = {
		{adit, "schema", json_new_int(arena, SQL_SCHEMA_VERSION)},
		{adit, "checksum", json_new_string(arena, str_or_empty(*checksum))},
		{adit, "tables", all},
		{document, "version", json_new_int(arena, VERSION)},
		{document, "serial", json_new_int(arena, serial)},
		{document, "lineage", json_new_string(arena, lineage_of(all))},
		{document, "outputs", json_new(arena, JSON_OBJECT)},
		{document, "resources", json_new(arena, JSON_ARRAY)},
		{document, "adit", adit},
	};
	for (size_t i = 0; !rc && i < sizeof(members) / sizeof(members[0]); i++)
		rc = json_set(arena, members[i].object, members[i].key, members[i].value);
	if (!rc)
		json_write_canonical(text, document);
	return rc ? rc : *checksum && !strbuf_failed(text) ? RC_OK : RC_NOMEM;
}

enum rc blob_document_write(struct blob_store *s, int64_t serial, struct strbuf *ret_text, const char **ret_checksum)
{
	struct arena *scratch = arena_new(LIMIT_ARENA_BYTES);
	enum rc rc = scratch ? write_document(s, scratch, serial, ret_text, ret_checksum) : RC_NOMEM;

	arena_free(scratch);
	return rc;
}

static int bind_json(sqlite3_stmt *statement, int index, const struct json *value)
{
	switch (value->type) {
	case JSON_NULL:
		return sqlite3_bind_null(statement, index);
	case JSON_NUMBER:
		return json_is_int(value) ? sqlite3_bind_int64(statement, index, (int64_t)value->u.number) : SQLITE_MISMATCH;
	case JSON_STRING:
		return sqlite3_bind_text(statement, index, value->u.string, -1, SQLITE_STATIC);
	case JSON_BOOL:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return SQLITE_MISMATCH;
}

static enum rc read_row(struct blob_store *s, sqlite3_stmt *statement, const struct json *row, size_t columns)
{
	int result = SQLITE_OK;

	if (row->type != JSON_ARRAY || json_count(row) != columns)
		return sql_fault_damaged(&s->lite.sql, "a row of it has not as many columns as its table");
	for (size_t i = 0; result == SQLITE_OK && i < columns; i++)
		result = bind_json(statement, (int)i + 1, json_item(row, i));
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	sqlite3_reset(statement);
	if (result == SQLITE_NOMEM)
		return RC_NOMEM;
	return result == SQLITE_DONE ? RC_OK : sql_fault_damaged(&s->lite.sql, "a row of it is not as adit makes them");
}

/** The columns that the document names must be those that the table has. */
static enum rc insert_for(struct blob_store *s, struct arena *arena, const char *name, const struct json *columns,
			  sqlite3_stmt **ret_insert)
{
	const char *select = arena_printf(arena, "SELECT * FROM %s", name);
	const char *marks = "";
	sqlite3_stmt *shape = NULL;
	bool is_same;
	enum rc rc = select ? prepare(s, select, &shape) : RC_NOMEM;

	if (rc)
		return rc;
	is_same = columns && columns->type == JSON_ARRAY && json_count(columns) == (size_t)sqlite3_column_count(shape);
	for (size_t i = 0; is_same && i < json_count(columns); i++) {
		const struct json *column = json_item(columns, i);

		is_same = column->type == JSON_STRING && str_eq(column->u.string, sqlite3_column_name(shape, (int)i));
		marks = arena_printf(arena, "%s%s?", str_or_empty(marks), i ? ", " : "");
	}
	sqlite3_finalize(shape);
	if (!is_same)
		return sql_fault_damaged(&s->lite.sql, "its tables are not those that adit makes");
	select = marks ? arena_printf(arena, "INSERT INTO %s VALUES (%s)", name, marks) : NULL;
	return select ? prepare(s, select, ret_insert) : RC_NOMEM;
}

static enum rc read_table(struct blob_store *s, struct arena *arena, const char *name, const struct json *table)
{
	const struct json *columns = json_get(table, "columns"), *rows = json_get(table, "rows");
	sqlite3_stmt *insert = NULL;
	enum rc rc;

	if (!rows || rows->type != JSON_ARRAY)
		return sql_fault_damaged(&s->lite.sql, "it lacks one of its tables");
	rc = insert_for(s, arena, name, columns, &insert);
	for (size_t i = 0; !rc && i < json_count(rows); i++)
		rc = read_row(s, insert, json_item(rows, i), json_count(columns));
	sqlite3_finalize(insert);
	return rc;
}

static enum rc empty_tables(struct blob_store *s, struct arena *arena)
{
	enum rc rc = RC_OK;

	for (size_t i = sizeof(tables) / sizeof(tables[0]); !rc && i; i--) {
		const char *sql = arena_printf(arena, "DELETE FROM %s", tables[i - 1]);

		rc = sql ? sqlite_run_text(&s->lite, sql) : RC_NOMEM;
	}
	return rc;
}

static enum rc check_head(struct blob_store *s, const struct json *document, const struct json **ret_all)
{
	const struct json *adit = json_get(document, "adit"), *all = json_get(adit, "tables");
	int64_t schema = json_get_int(adit, "schema", 0);

	if (!adit || adit->type != JSON_OBJECT || !all || all->type != JSON_OBJECT)
		return sql_fault_damaged(&s->lite.sql, "it is a state of another program");
	if (schema > SQL_SCHEMA_VERSION)
		return sql_fault_newer(&s->lite.sql, schema);
	if (!str_eq(json_get_string(adit, "checksum", ""), checksum_of(s->lite.sql.run->arena, all)))
		return sql_fault_damaged(&s->lite.sql, "it was edited, or is damaged");
	*ret_all = all;
	return RC_OK;
}

static enum rc fill_tables(struct blob_store *s, struct arena *arena, const struct json *all)
{
	enum rc rc = sqlite_run_text(&s->lite, "BEGIN");

	if (rc)
		return rc;
	rc = empty_tables(s, arena);
	for (size_t i = 0; !rc && all && i < sizeof(tables) / sizeof(tables[0]); i++)
		rc = read_table(s, arena, tables[i], json_get(all, tables[i]));
	if (!rc)
		return sqlite_run_text(&s->lite, "COMMIT");
	sqlite_driver_rollback(&s->lite.sql);
	return rc;
}

static enum rc read_document(struct blob_store *s, struct arena *arena, const struct strbuf *text)
{
	const struct json *all = NULL;
	struct json *document = NULL;
	enum rc rc = RC_OK;

	if (text->size)
		rc = json_parse(arena, strbuf_text(text), text->size, &document, NULL);
	if (rc && rc != RC_NOMEM)
		return sql_fault_damaged(&s->lite.sql, "it is no JSON document");
	if (!rc && document)
		rc = check_head(s, document, &all);
	if (!rc)
		rc = fill_tables(s, arena, all);
	if (rc)
		return rc;
	s->serial = document ? json_get_int(document, "serial", 0) : 0;
	s->checksum = document ? arena_strdup(s->lite.sql.run->arena, json_get_string(json_get(document, "adit"), "checksum", "")) : "";
	return s->checksum ? RC_OK : RC_NOMEM;
}

enum rc blob_document_read(struct blob_store *s, const struct strbuf *text)
{
	struct arena *scratch = arena_new(LIMIT_ARENA_BYTES);
	enum rc rc = scratch ? read_document(s, scratch, text) : RC_NOMEM;

	arena_free(scratch);
	return rc;
}

const char *blob_document_checksum(struct blob_store *s, const struct strbuf *text)
{
	struct arena *scratch = arena_new(LIMIT_ARENA_BYTES);
	struct json *document = NULL;
	const char *checksum = "";

	if (scratch && text->size && !json_parse(scratch, strbuf_text(text), text->size, &document, NULL))
		checksum = arena_strdup(s->lite.sql.run->arena, json_get_string(json_get(document, "adit"), "checksum", ""));
	arena_free(scratch);
	return str_or_empty(checksum);
}
