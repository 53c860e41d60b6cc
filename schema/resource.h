/** @file
 * Resource kinds and their field tables. Diff, JSON, state rows, rendering and documents all walk the same table. */
#ifndef ADIT_SCHEMA_RESOURCE_H
#define ADIT_SCHEMA_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"
#include "base/text.h"

enum resource_kind { RESOURCE_TUNNEL, RESOURCE_RULE, RESOURCE_CNAME };

struct tunnel_fields {
	const char *account;               /**< the project's name for the account */
	const char *name;
	const struct json *origin_request; /**< top-level originRequest; NULL when empty */
	const struct json *rule_order;     /**< array of rule addresses, catch-all last; NULL when unknown */
	const char *status, *created_at;   /**< computed */
};

struct rule_fields {
	const char *hostname;              /**< "" for any */
	const char *path;                  /**< RE2; "" for any */
	const char *service;
	const struct json *origin_request; /**< NULL when empty */
};

struct cname_fields {
	const char *account, *zone;        /**< zone by name; NULL while unknown */
	const char *name;                  /**< lower-case A-labels */
	const char *content;               /**< "<tunnel id>.cfargotunnel.com"; NULL while the id is unknown */
	bool proxied;
	int64_t ttl;
	const char *comment;               /**< "" when absent */
};

/** Where a desired resource came from, and why it stands where it stands. Shown, never compared. */
struct origin {
	const char *object;   /**< "HTTPRoute shop/web", "Gateway edge/public", "Tunnel edge"; NULL when not from input */
	struct span span;     /**< the match, rule, hostname or object */
	uint32_t rule, match; /**< indexes within the Route, 0-based */
	const char *why;      /**< "exact host before wildcards; longest prefix first"; NULL when obvious */
	/** A rule's place among those of its hostname, whatever project they are of: the smaller text comes first.
	 * PRECEDENCE_LAST: it is there for what no Route takes, and makes room for any that does. NULL: of no Gateway. */
	const char *precedence;
};

#define PRECEDENCE_LAST "~"

struct resource {
	enum resource_kind kind;
	bool protect;         /**< a desired rule: never delete; of tunnels and CNAMEs see schema/desired.h */
	const char *address;
	const char *id;       /**< tunnel and record id as the API gives it; NULL: none or unknown */
	const char *tunnel;   /**< address of the tunnel it belongs to or points at; its own address for a tunnel */
	struct origin origin;
	union {
		struct tunnel_fields tunnel;
		struct rule_fields rule;
		struct cname_fields cname;
	} u;
};

enum field_type { FIELD_STRING, FIELD_BOOL, FIELD_INT, FIELD_JSON };
enum field_flag {
	FIELD_REQUIRED = 1 << 0,
	FIELD_COMPUTED = 1 << 1,   /**< set by the API; never compared */
	FIELD_IMMUTABLE = 1 << 2,  /**< part of the identity: another value is another resource */
	FIELD_SENSITIVE = 1 << 3,
	FIELD_ORDER = 1 << 4,      /**< compared by the order of common members only */
	FIELD_ANY_CASE = 1 << 5,   /**< normal form is lower case */
	FIELD_LATE = 1 << 6,       /**< may be unknown until apply; NULL means that */
};

struct field {
	const char *name;          /**< as in plan JSON and in the manual: snake_case */
	size_t offset;             /**< within struct resource */
	enum field_type type;
	unsigned flags;
	const char *doc;           /**< one line for the manual */
};

struct resource_type {
	enum resource_kind kind;
	const char *name;          /**< "tunnel", "rule", "cname" */
	const struct field *fields;
	size_t field_count;
};

/** The table of @p kind; static. */
const struct resource_type *resource_type(enum resource_kind kind);
/** By name; NULL when there is none. */
const struct resource_type *resource_type_find(const char *name);
/** The field's value as JSON (normal form); arena; NULL value for absent. @return RC_OK or RC_NOMEM */
enum rc resource_field_json(struct arena *arena, const struct resource *resource, const struct field *field, struct json **ret_value) MUST_CHECK;
/** True when the field's normal forms are equal. FIELD_ORDER compares the relative order of common members (false when
 * memory is used up);
 * an unknown FIELD_LATE value equals nothing but itself. */
bool resource_field_equal(const struct field *field, const struct resource *a, const struct resource *b);
/** All fields as one JSON object, absent ones left out, computed ones included when @p computed. */
enum rc resource_to_json(struct arena *arena, const struct resource *resource, bool computed, struct json **ret_object) MUST_CHECK;
/** The reverse, for state rows and plan files; unknown members are ignored, wrong types give RC_CORRUPT. */
enum rc resource_from_json(struct arena *arena, enum resource_kind kind, const char *address, const struct json *object, struct resource **ret_resource) MUST_CHECK;
/** Texts that are never NULL, as the structs promise: "" where they were left out. */
void resource_fill_absent(struct resource *resource);
/** True when no field that is compared differs. */
bool resource_equal(const struct resource *a, const struct resource *b);
/** XXH3-128 over the canonical JSON of the compared fields, hex; arena. Without FIELD_ORDER fields, so that resources that
 * are equal have one fingerprint. */
char *resource_fingerprint(struct arena *arena, const struct resource *resource);
/** Order for output: tunnels, rules, cnames; then by address bytes. */
int resource_compare_address(const char *a, const char *b);

/** "rule/<part of the tunnel's address>/<hostname><path>", or ".../\*" for the catch-all; arena. */
char *resource_rule_address(struct arena *arena, const char *tunnel_address, const char *hostname, const char *path, bool is_catch_all);
/** "cname/<fqdn>"; arena. */
char *resource_cname_address(struct arena *arena, const char *fqdn);
/** "tunnel/<namespace>/<gateway>" or "tunnel/<name>" when @p name_space is ""; arena. */
char *resource_tunnel_address(struct arena *arena, const char *name_space, const char *name);
/** The originRequest in normal form: null members, empty objects and NULL are all "absent"; arena. When memory is used up,
 * @p origin_request itself. */
const struct json *resource_origin_request_normal(struct arena *arena, const struct json *origin_request);
/** True for a service that serves (anything but http_status:...). */
bool resource_service_is_serving(const char *service);

#endif
