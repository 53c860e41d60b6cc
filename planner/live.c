/* Look-ups over what is live. */
#include "planner/live.h"

#include <string.h>

#include "base/parallel.h"
#include "base/str.h"
#include "base/strbuf.h"

/* So many records, and starting a thread pays. */
#define MANY_RECORDS 4000u

const struct live_account *live_account(const struct live *live, const char *account)
{
	for (size_t i = 0; i < live->account_count; i++)
		if (str_eq(live->accounts[i].account, account))
			return &live->accounts[i];
	return NULL;
}

const struct live_zone_records *live_zone_of(const struct live_account *account, const char *hostname)
{
	const char *name = str_has_prefix(hostname, "*.") ? hostname + 2 : hostname;

	/* Dropping one label at a time meets the longest zone first. */
	for (;;) {
		const struct live_zone_records *zone = map_get(&account->zone_by_name, name);
		const char *dot;

		if (zone)
			return zone;
		dot = strchr(name, '.');
		if (!dot)
			return NULL;
		name = dot + 1;
	}
}

enum rc live_name_find(struct arena *arena, const struct live_account *account, const char *zone_id, const char *hostname,
		       const struct live_name **ret_name)
{
	const struct live_name *all = map_get(&account->records_by_name, hostname);
	struct live_name *own;
	size_t count = 0;

	for (size_t i = 0; all && i < all->count; i++)
		count += str_eq(all->records[i]->zone_id, zone_id);
	*ret_name = count ? all : NULL;
	if (!count || count == all->count)
		return RC_OK;
	own = arena_alloc(arena, sizeof(*own));
	if (!own)
		return RC_NOMEM;
	own->records = arena_array(arena, count, sizeof(struct live_record *));
	if (!own->records)
		return RC_NOMEM;
	for (size_t i = 0; i < all->count; i++)
		if (str_eq(all->records[i]->zone_id, zone_id))
			own->records[own->count++] = all->records[i];
	*ret_name = own;
	return RC_OK;
}

bool live_record_is_address(const struct live_record *record)
{
	return str_eq(record->type, "A") || str_eq(record->type, "AAAA") || str_eq(record->type, "CNAME") ||
	       str_eq(record->type, "NS");
}

static enum rc index_id(struct arena *arena, struct live_account *account, struct live_record *record)
{
	(void)arena;
	return map_put(&account->record_by_id, record->id, record, NULL);
}

static enum rc index_name(struct arena *arena, struct live_account *account, struct live_record *record)
{
	struct live_name *name;
	struct live_record **grown;
	const char *key;
	enum rc rc;

	if (!live_record_is_address(record))
		return RC_OK;
	/* Nearly all are in lower case as they come. */
	key = str_is_lower(record->name) ? record->name : str_lower(arena, record->name);
	if (!key)
		return RC_NOMEM;
	name = map_get(&account->records_by_name, key);
	if (!name) {
		name = arena_alloc(arena, sizeof(*name));
		if (!name)
			return RC_NOMEM;
		rc = map_put(&account->records_by_name, key, name, NULL);
		if (rc)
			return rc;
	}
	/* Nearly all names have one record. */
	grown = name->count ? arena_grow(arena, name->records, name->count, &name->capacity, sizeof(struct live_record *))
			    : arena_array(arena, 1, sizeof(struct live_record *));
	if (!grown)
		return RC_NOMEM;
	name->capacity = name->capacity ? name->capacity : 1;
	name->records = grown;
	/* By id, whatever order the answer had: records of one name are few. */
	size_t at = name->count++;
	for (; at > 0 && strcmp(name->records[at - 1]->id, record->id) > 0; at--)
		name->records[at] = name->records[at - 1];
	name->records[at] = record;
	return RC_OK;
}

static enum rc index_tunnels(struct live_account *account)
{
	for (size_t i = 0; i < account->tunnel_count; i++) {
		struct live_tunnel_state *state = &account->tunnels[i];
		enum rc rc = map_put(&account->tunnel_by_id, state->tunnel.id, state, NULL);

		if (rc)
			return rc;
		if (state->tunnel.is_deleted)
			continue;
		rc = map_put(&account->tunnel_by_name, state->tunnel.name, state, NULL);
		if (rc)
			return rc;
	}
	return RC_OK;
}

/** One of the two maps of records. Both have room for all of them, so that filling one takes nothing of their arena. */
static enum rc index_records(void *data, struct arena *arena, size_t item)
{
	enum rc (*const index[])(struct arena *, struct live_account *, struct live_record *) = {index_id, index_name};
	struct live_account *account = data;
	enum rc rc = RC_OK;

	for (size_t i = 0; !rc && i < account->zone_count; i++)
		for (size_t r = 0; !rc && r < account->zones[i].count; r++)
			rc = index[item](arena, account, &account->zones[i].records[r]);
	return rc;
}

enum rc live_index_records(struct arena *arena, struct live_account *account)
{
	size_t records = 0;
	enum rc rc;

	if (account->has_record_maps)
		return RC_OK;
	map_init(&account->record_by_id, arena);
	map_init(&account->records_by_name, arena);
	for (size_t i = 0; i < account->zone_count; i++)
		records += account->zones[i].count;
	rc = map_reserve(&account->record_by_id, records);
	if (!rc)
		rc = map_reserve(&account->records_by_name, records);
	if (!rc)
		rc = parallel_make(arena, 2, parallel_workers(records, MANY_RECORDS), index_records, account);
	account->has_record_maps = !rc;
	return rc;
}

enum rc live_index(struct arena *arena, struct live_account *account)
{
	enum rc rc;

	map_init(&account->tunnel_by_id, arena);
	map_init(&account->tunnel_by_name, arena);
	map_init(&account->zone_by_name, arena);
	map_init(&account->zone_by_id, arena);
	rc = index_tunnels(account);
	for (size_t i = 0; !rc && i < account->zone_count; i++) {
		struct live_zone_records *zone = &account->zones[i];

		rc = map_put(&account->zone_by_name, zone->zone.name, zone, NULL);
		if (!rc)
			rc = map_put(&account->zone_by_id, zone->zone.id, zone, NULL);
	}
	account->has_record_maps = false;
	return rc || account->is_recorded ? rc : live_index_records(arena, account);
}

/** What is not a text of the record's. */
static void set_rest(const char *account, const char *zone, const struct live_record *record, struct resource *cname)
{
	cname->kind = RESOURCE_CNAME;
	cname->id = record->id;
	cname->u.cname.account = account;
	cname->u.cname.zone = zone;
	cname->u.cname.proxied = record->proxied;
	cname->u.cname.ttl = record->proxied ? 1 : record->ttl; /* the API serves proxied records with its own ttl */
	cname->u.cname.comment = str_or_empty(record->comment);
}

bool live_record_view(const char *account, const char *zone, const struct live_record *record, struct resource *ret_cname)
{
	size_t size = strlen(record->content);

	if (!str_is_lower(record->name) || !str_is_lower(record->content) || (size && record->content[size - 1] == '.'))
		return false;
	*ret_cname = (struct resource){.u.cname = {.name = record->name, .content = record->content}};
	set_rest(account, zone, record, ret_cname);
	return true;
}

struct resource *live_record_resource(struct arena *arena, const char *account, const char *zone,
				      const struct live_record *record)
{
	struct resource *cname = arena_alloc(arena, sizeof(*cname));
	char *name = str_lower(arena, record->name), *content = str_lower(arena, record->content);
	size_t size;

	if (!cname || !name || !content)
		return NULL;
	size = strlen(content);
	if (size && content[size - 1] == '.')
		content[size - 1] = '\0';
	set_rest(account, zone, record, cname);
	cname->address = resource_cname_address(arena, name);
	cname->u.cname.name = name;
	cname->u.cname.content = content;
	return cname->address ? cname : NULL;
}

char *live_records_fingerprint(struct arena *arena, struct live_record *const *records, size_t count)
{
	struct strbuf buf;
	char *fingerprint = NULL;

	strbuf_init(&buf, 0);
	for (size_t i = 0; i < count; i++) /* struct live_name keeps them by id */
		strbuf_addf(&buf, "%s %s %s %s\n", records[i]->id, records[i]->type, records[i]->name, records[i]->content);
	if (!strbuf_failed(&buf))
		fingerprint = str_xxh3_hex(arena, strbuf_text(&buf), buf.size);
	strbuf_done(&buf);
	return fingerprint;
}
