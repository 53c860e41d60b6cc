/** @file The project as one document: out of the SQL stores, and into it. */
#include "state/sql.h"

#include "base/limits.h"
#include "base/str.h"
#include "state/state_document.h"

#define NOWHERE ((struct span){ 0 })

enum rc sql_export(struct store *store, struct arena *arena, struct json **ret_document)
{
	struct recorded_state state;
	enum rc rc = sql_load(store, arena, &state);

	return rc ? rc : state_document_write(arena, store->project, &state, ret_document);
}

static enum rc refuse(struct sql_store *s, const char *reason)
{
	struct diags *diags = &s->run->diags;
	struct diag *diag = diag_add(diags, SEVERITY_ERROR, "A0510", NOWHERE, "the state %s keeps what it has: %s",
				     s->base.location, reason);

	diag_help(diags, diag, "Look at the present state with \"adit state pull\". --force replaces it all the same.");
	return RC_STALE;
}

/** Refuse a document that was made from an older state, or from the state of something else. */
static enum rc check_succession(struct sql_store *s, const struct recorded_state *present,
				const struct recorded_state *next)
{
	const char *reason;

	if (!present->count)
		return RC_OK;
	if (*next->lineage && !str_eq(present->lineage, next->lineage)) {
		reason = arena_printf(s->run->arena, "its lineage is %s, the document's is %s", present->lineage, next->lineage);
		return reason ? refuse(s, reason) : RC_NOMEM;
	}
	if (next->serial >= present->serial)
		return RC_OK;
	reason = arena_printf(s->run->arena, "its serial is %lld, the document's is %lld", (long long)present->serial,
			      (long long)next->serial);
	return reason ? refuse(s, reason) : RC_NOMEM;
}

/** @param changed  set when a resource is recorded now, and not in @p next */
static enum rc remove_others(struct sql_store *s, const struct recorded_state *present,
			     const struct recorded_state *next, bool *changed)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < present->count && !rc; i++) {
		const char *address = present->items[i].resource->address;

		if (map_get(&next->by_address, address))
			continue;
		*changed = true;
		rc = sql_resource_delete(s, address, changed);
	}
	return rc;
}

/** Within one lineage the serial never goes back, and never stands for two different contents. */
static enum rc write_head(struct sql_store *s, const struct recorded_state *present,
			  const struct recorded_state *next, bool changed)
{
	const char *lineage = *next->lineage ? next->lineage : present->lineage;
	int64_t serial = next->serial;

	if (present->serial && str_eq(lineage, present->lineage)) {
		int64_t least = present->serial + changed;

		serial = serial > least ? serial : least;
	}
	const struct value values[] = { text_value(lineage), int_value(serial) };

	return sql_execute(s, SQL_META_REPLACE, values, 2);
}

static enum rc replace(struct sql_store *s, struct arena *scratch, const struct recorded_state *next, bool force)
{
	const struct outcome gateways = { .gateways = next->gateways, .gateway_count = next->gateway_count };
	struct recorded_state present;
	bool changed = false;
	enum rc rc = sql_load_rows(s, scratch, &present);

	if (!rc && !force)
		rc = check_succession(s, &present, next);
	if (!rc)
		rc = remove_others(s, &present, next, &changed);
	if (!rc)
		rc = sql_resources_write(s, next->items, next->count, &changed);
	if (!rc)
		rc = sql_execute(s, SQL_ZONE_CLEAR, NULL, 0);
	if (!rc)
		rc = sql_zones_write(s, next->zones, next->zone_count);
	if (!rc)
		rc = sql_execute(s, SQL_GATEWAY_CLEAR, NULL, 0);
	if (!rc)
		rc = sql_gateways_write(s, &gateways, &changed);
	return rc ? rc : write_head(s, &present, next, changed);
}

static enum rc import(struct sql_store *s, struct arena *scratch, const struct json *document, bool force)
{
	struct recorded_state next;
	enum rc rc = state_document_read(scratch, &s->run->diags, s->base.project, document, &next);

	if (!rc)
		rc = sql_write_begin(s);
	return rc ? rc : sql_write_end(s, replace(s, scratch, &next, force));
}

enum rc sql_import(struct store *store, const struct json *document, bool force)
{
	struct arena *scratch = arena_new(LIMIT_ARENA_BYTES);
	enum rc rc = scratch ? import((struct sql_store *)store, scratch, document, force) : RC_NOMEM;

	arena_free(scratch);
	return rc;
}
