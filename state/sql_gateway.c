/** @file Gateways that several projects have rules in: whose they are, and what each project has there. */
#include "state/sql.h"

#include <string.h>

#include "base/str.h"

/** Columns of text, in the order of the statements. */
enum column {
	COLUMN_ADDRESS, COLUMN_OWNER, COLUMN_ACCOUNT_ID, COLUMN_TUNNEL_ID, COLUMN_TUNNEL_NAME, COLUMN_DOCUMENT, COLUMN_COUNT,
	COLUMN_FINGERPRINT = COLUMN_COUNT, COLUMN_ALL,
};

static char *row_fingerprint(struct arena *arena, const char *const *texts)
{
	struct strbuf all;
	char *fingerprint = NULL;

	strbuf_init(&all, 0);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		strbuf_addc(&all, texts[i] ? '+' : '-');
		strbuf_add(&all, str_or_empty(texts[i]), strlen(str_or_empty(texts[i])) + 1);
	}
	if (!strbuf_failed(&all))
		fingerprint = str_xxh3_hex(arena, strbuf_text(&all), all.size);
	strbuf_done(&all);
	return fingerprint;
}

static enum rc fault_row(struct sql_store *s, const char *address)
{
	const char *reason = arena_printf(s->run->arena, "its record of the Gateway of %s is damaged", str_or_empty(address));

	return reason ? sql_fault_damaged(s, reason) : RC_NOMEM;
}

static enum rc read_row(struct sql_store *s, struct arena *arena, struct sql_rows *rows, struct recorded_gateway *ret_gateway)
{
	const char *texts[COLUMN_ALL] = { NULL }, *fingerprint;
	struct json *document = NULL;
	enum rc rc = RC_OK;

	for (int i = 0; i < COLUMN_ALL && !rc; i++)
		rc = sql_column(arena, rows, i, &texts[i]);
	if (rc)
		return rc;
	fingerprint = row_fingerprint(arena, texts);
	if (!fingerprint)
		return RC_NOMEM;
	if (!str_eq(fingerprint, texts[COLUMN_FINGERPRINT]))
		return fault_row(s, texts[COLUMN_ADDRESS]);
	if (texts[COLUMN_DOCUMENT])
		rc = json_parse(arena, texts[COLUMN_DOCUMENT], strlen(texts[COLUMN_DOCUMENT]), &document, NULL);
	if (rc)
		return rc == RC_NOMEM ? rc : fault_row(s, texts[COLUMN_ADDRESS]);
	*ret_gateway = (struct recorded_gateway){
		.address = texts[COLUMN_ADDRESS], .owner = texts[COLUMN_OWNER], .account_id = texts[COLUMN_ACCOUNT_ID],
		.tunnel_id = texts[COLUMN_TUNNEL_ID], .tunnel_name = texts[COLUMN_TUNNEL_NAME], .document = document,
	};
	return RC_OK;
}

enum rc sql_gateway_rows(struct sql_store *s, struct arena *arena, const char *project,
			 struct recorded_gateway **ret_gateways, size_t *ret_count)
{
	const struct value value = text_value(project);
	struct recorded_gateway *list = NULL;
	size_t count = 0, capacity = 0;
	struct sql_rows *rows = NULL;
	bool any = false;
	enum rc rc = sql_query(s, SQL_GATEWAY_READ, &value, 1, &rows);

	if (!rc)
		rc = sql_next(rows, &any);
	while (!rc && any) {
		struct recorded_gateway *grown = arena_grow(arena, list, count, &capacity, sizeof(*grown));

		if (!grown) {
			rc = RC_NOMEM;
			break;
		}
		list = grown;
		rc = read_row(s, arena, rows, &list[count++]);
		if (!rc)
			rc = sql_next(rows, &any);
	}
	sql_finish(rows);
	*ret_gateways = list;
	*ret_count = count;
	return rc;
}

enum rc sql_gateways(struct store *store, struct arena *arena, const char *owner, struct recorded_gateway **ret_gateways,
		     size_t *ret_count)
{
	struct sql_store *s = (struct sql_store *)store;
	struct recorded_gateway *all = NULL;
	size_t count = 0, kept = 0;
	enum rc rc = RC_OK;

	if (!s->is_empty)
		rc = sql_read_begin(s);
	if (!rc && !s->is_empty)
		rc = sql_write_end(s, sql_gateway_rows(s, arena, owner, &all, &count));
	for (size_t i = 0; i < count && !rc; i++)
		if (str_eq(all[i].owner, owner))
			all[kept++] = all[i];
	*ret_gateways = all;
	*ret_count = kept;
	return rc;
}

/** Addresses of rules in an intent's detail: {"rules": [...]}. */
static enum rc add_in_flight(struct arena *arena, const char *detail, struct slice *slice, size_t *capacity)
{
	struct json *json = NULL;
	const struct json *list;
	enum rc rc = json_parse(arena, str_or_empty(detail), strlen(str_or_empty(detail)), &json, NULL);

	if (rc)
		return rc == RC_NOMEM ? rc : RC_OK; /* another adit's words */
	list = json_get(json, "rules");
	for (size_t i = 0; i < json_count(list); i++) {
		const char **grown =
			arena_grow(arena, (void *)slice->in_flight, slice->in_flight_count, capacity, sizeof(const char *));

		if (!grown)
			return RC_NOMEM;
		slice->in_flight = grown;
		if (json_item(list, i)->type == JSON_STRING)
			grown[slice->in_flight_count++] = json_item(list, i)->u.string;
	}
	return RC_OK;
}

static enum rc read_in_flight(struct sql_store *s, struct arena *arena, struct slice *slice)
{
	const struct value values[] = { text_value(slice->project), text_value(slice->address) };
	struct sql_rows *rows = NULL;
	size_t capacity = 0;
	bool any = false;
	enum rc rc = sql_query(s, SQL_SLICE_INTENTS, values, 2, &rows);

	if (!rc)
		rc = sql_next(rows, &any);
	while (!rc && any) {
		const char *detail;

		rc = sql_column(arena, rows, 0, &detail);
		if (!rc)
			rc = add_in_flight(arena, detail, slice, &capacity);
		if (!rc)
			rc = sql_next(rows, &any);
	}
	sql_finish(rows);
	return rc;
}

/** Who has rules where; what they are is read afterwards. */
static enum rc read_sharers(struct sql_store *s, struct arena *arena, const char *owner, const char *address,
			    struct slice **ret_slices, size_t *ret_count)
{
	const struct value values[] = { text_value(owner), text_value(str_or_empty(address)) };
	struct slice *list = NULL;
	size_t count = 0, capacity = 0;
	struct sql_rows *rows = NULL;
	bool any = false;
	enum rc rc = sql_query(s, SQL_GATEWAY_SHARERS, values, 2, &rows);

	if (!rc)
		rc = sql_next(rows, &any);
	while (!rc && any) {
		struct slice *grown = arena_grow(arena, list, count, &capacity, sizeof(*grown));

		if (!grown) {
			rc = RC_NOMEM;
			break;
		}
		list = grown;
		list[count] = (struct slice){ 0 };
		rc = sql_column(arena, rows, 0, &list[count].address);
		if (!rc)
			rc = sql_column(arena, rows, 1, &list[count++].project);
		if (!rc)
			rc = sql_next(rows, &any);
	}
	sql_finish(rows);
	*ret_slices = list;
	*ret_count = count;
	return rc;
}

static enum rc read_slices(struct sql_store *s, struct arena *arena, const char *owner, const char *address,
			   struct slice **ret_slices, size_t *ret_count)
{
	enum rc rc = read_sharers(s, arena, owner, address, ret_slices, ret_count);

	for (size_t i = 0; i < *ret_count && !rc; i++) {
		struct slice *slice = &(*ret_slices)[i];

		rc = sql_slice_rules(s, arena, slice->project, slice->address, &slice->rules, &slice->rule_count);
		if (!rc)
			rc = read_in_flight(s, arena, slice);
	}
	return rc;
}

enum rc sql_slices(struct store *store, struct arena *arena, const char *owner, const char *address,
		   struct slice **ret_slices, size_t *ret_count)
{
	struct sql_store *s = (struct sql_store *)store;
	enum rc rc;

	*ret_slices = NULL;
	*ret_count = 0;
	if (s->is_empty)
		return RC_OK;
	rc = sql_read_begin(s);
	return rc ? rc : sql_write_end(s, read_slices(s, arena, owner, address, ret_slices, ret_count));
}

static enum rc write_gateway(struct sql_store *s, const struct recorded_gateway *gateway, bool *changed)
{
	const char *texts[COLUMN_COUNT] = { gateway->address, gateway->owner, gateway->account_id, gateway->tunnel_id,
					    gateway->tunnel_name, NULL };
	struct value values[COLUMN_ALL];
	const char *fingerprint;
	struct strbuf document;
	enum rc rc = RC_NOMEM;

	strbuf_init(&document, 0);
	if (gateway->document)
		json_write_canonical(&document, gateway->document);
	if (gateway->document)
		texts[COLUMN_DOCUMENT] = strbuf_text(&document);
	fingerprint = row_fingerprint(s->run->arena, texts);
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		values[i] = text_value(texts[i]);
	values[COLUMN_FINGERPRINT] = text_value(fingerprint);
	if (!strbuf_failed(&document) && fingerprint)
		rc = sql_execute(s, SQL_GATEWAY_WRITE, values, COLUMN_ALL);
	strbuf_done(&document);
	if (!rc && sql_changed(s))
		*changed = true;
	return rc;
}

enum rc sql_gateways_write(struct sql_store *s, const struct outcome *outcome, bool *changed)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < outcome->gateway_removal_count && !rc; i++) {
		const struct value address = text_value(outcome->gateway_removals[i]);

		rc = sql_execute(s, SQL_GATEWAY_DELETE, &address, 1);
		if (!rc && sql_changed(s))
			*changed = true;
	}
	for (size_t i = 0; i < outcome->gateway_count && !rc; i++)
		rc = write_gateway(s, &outcome->gateways[i], changed);
	return rc;
}
