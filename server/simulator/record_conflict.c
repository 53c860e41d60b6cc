/* Which records may stand beside each other at one name. Each question is one look into the index. */
#include "base/str.h"
#include "server/simulator/record.h"

#define COMBINED_CHARS 8192

#define OTHERS "SELECT EXISTS (SELECT 1 FROM record WHERE zone_id = ?1 AND name = ?2 AND id <> ?3"

static const char identical_sql[] = OTHERS " AND type = ?4 AND content = ?5)";
static const char address_or_cname_sql[] = OTHERS " AND type IN ('A', 'AAAA', 'CNAME'))";
static const char cname_sql[] = OTHERS " AND type = 'CNAME')";
static const char ns_sql[] = OTHERS " AND type = 'NS')";
static const char not_ns_sql[] = OTHERS " AND (type < 'NS' OR type > 'NS'))";
static const char combined_sql[] =
	"SELECT coalesce(sum(length(content)), 0) + length(?5) FROM record"
	" WHERE zone_id = ?1 AND name = ?2 AND id <> ?3 AND type = ?4";

enum conflict_scope {
	SCOPE_ANY,
	SCOPE_CNAME,         /* the new record is a CNAME */
	SCOPE_ADDRESS,       /* an A or AAAA */
	SCOPE_NS,            /* an NS, not at the zone's own name */
	SCOPE_NOT_NS,        /* anything else, not at the zone's own name */
};

/* In the order in which Cloudflare would name them. */
static const struct {
	enum conflict_scope scope;
	const char *sql;
	size_t bind_count;
	int code;
	const char *message;
} conflicts[] = {
	{SCOPE_ANY, identical_sql, 5, 81058, "An identical record already exists."},
	{SCOPE_CNAME, address_or_cname_sql, 3, 81053,
	 "An A, AAAA, or CNAME record with that host already exists."},
	{SCOPE_ADDRESS, cname_sql, 3, 81054,
	 "A CNAME record with that host already exists. For more details, refer to "
	 "<https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>."},
	{SCOPE_NS, address_or_cname_sql, 3, 81053,
	 "An A, AAAA, or CNAME record with that host already exists."},
	{SCOPE_NS, not_ns_sql, 3, 81056, "Records with that host already exist."},
	{SCOPE_NOT_NS, ns_sql, 3, 81056, "NS records with that host already exist."},
};

static bool is_in_scope(struct call *call, const struct record *record, enum conflict_scope scope)
{
	bool is_ns = str_eq(record->type, "NS"), is_apex = str_eq(record->name, call->zone->name);

	switch (scope) {
	case SCOPE_ANY:
		return true;
	case SCOPE_CNAME:
		return str_eq(record->type, "CNAME");
	case SCOPE_ADDRESS:
		return str_eq(record->type, "A") || str_eq(record->type, "AAAA");
	case SCOPE_NS:
		return is_ns && !is_apex;
	case SCOPE_NOT_NS:
		return !is_ns && !is_apex;
	}
	return false;
}

/* @param bind_count how many of zone, name, id, type and content the question takes */
static enum rc ask(struct call *call, const struct record *record, const char *sql, size_t bind_count,
		   int64_t *ret_number)
{
	const struct bind binds[5] = {
		bind_text(call->zone->id), bind_text(record->name), bind_text(str_or_empty(record->id)),
		bind_text(record->type), bind_text(record->content),
	};

	return store_number(call->store, sql, binds, bind_count, ret_number);
}

enum rc record_check_conflicts(struct call *call, const struct record *record)
{
	int64_t number = 0;
	enum rc rc;

	if (faults_refuse_record(call, record->name))
		return call_refuse_chain(call, 9005, "Content for %s record is invalid.", record->type);
	for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++) {
		if (!is_in_scope(call, record, conflicts[i].scope))
			continue;
		rc = ask(call, record, conflicts[i].sql, conflicts[i].bind_count, &number);
		if (rc)
			return rc;
		if (number)
			return call_refuse(call, 400, conflicts[i].code, "%s", conflicts[i].message);
	}
	rc = ask(call, record, combined_sql, 5, &number);
	if (!rc && number > COMBINED_CHARS)
		return call_refuse(call, 400, 83011,
				   "Combined content length of records with this name and type exceeds "
				   "%d characters.",
				   COMBINED_CHARS);
	return rc;
}
