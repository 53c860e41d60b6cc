/** @file
 * Shared by the parts of the decoder; nobody else includes it. */
#ifndef ADIT_SCHEMA_DECODE_INTERNAL_H
#define ADIT_SCHEMA_DECODE_INTERNAL_H

#include "base/map.h"
#include "schema/decode.h"
#include "schema/decode_cache.h"
#include "schema/decode_check.h"

#define ADIT_GROUP "adit.cnap.tech"
#define GATEWAY_GROUP "gateway.networking.k8s.io"
#define GATEWAY_X_GROUP "gateway.networking.x-k8s.io"

struct skipped;

/** Allocation is sticky: once it failed, out_of_memory is set, strings are "" and arrays have no items, so that the
 * building functions need no error path of their own; decode_text() looks at it after each document. */
struct decoder {
	struct arena *arena;         /**< the run's: objects */
	struct diags *diags;
	struct objects *objects;
	struct arena *nodes;         /**< nodes of one document; reset for each */
	struct arena *own;           /**< lives as long as the decoder */
	struct arena *scratch;       /**< for one text; borrowed: of many decoders each would keep its own until all are done */
	struct map *interned;        /**< strings that repeat: namespaces, kinds, groups, labels; may be several decoders' */
	struct map own_interned;
	struct map skipped;          /**< "group\nkind" -> struct skipped */
	struct skipped **skipped_list;
	size_t skipped_count, skipped_capacity;
	struct check check;
	const struct text *text;
	const char *default_namespace;
	bool has_noted_namespace;
	struct decode_cache *cache;  /**< where what is read is kept; NULL: nowhere */
	size_t said;                 /**< diagnostics so far, kept or not */
	bool is_cut_short;           /**< a text could not be read to its end */
	bool out_of_memory;
};

/** A kind that adit reads, in some of its versions. */
struct kind {
	const char *group, *name;
	const char *versions[3];     /**< ended by NULL */
	bool is_namespaced;
	bool has_effects;            /**< adit's annotations other than ignore mean something on it */
	const struct schema *metadata_name;
	const struct schema *spec;   /**< NULL: not looked into */
	bool is_spec_required;
	bool is_open;                /**< fields beside metadata and spec are not looked at */
	/** Make the typed value; called only for what passed the check. */
	void (*build)(struct decoder *decoder, const struct node *root, const struct meta *meta);
};

/** An object whose kind adit does not read. */
struct skipped {
	const char *group, *kind;    /**< interned */
	size_t count;
};

/** Count a document as refused. @param kind  NULL: it is not known */
void decode_refuse(struct decoder *decoder, const char *kind);

/** The table of kinds. @param ret_count entries */
const struct kind *kind_table(size_t *ret_count);

/** What a document's apiVersion and kind amount to. */
enum kind_verdict {
	KIND_READ,     /**< *ret_kind is set */
	KIND_FOREIGN,  /**< of another group: kept as a policy, or skipped and counted */
	KIND_SILENT,   /**< the project file: not an object */
	KIND_REFUSED   /**< reported */
};
/** Look a kind up; unknown kinds and versions of our groups, and what looks like one of them, are reported (A0131,
 * A0132) at @p kind_node and @p version_node. */
enum kind_verdict kind_find(struct check *check, const struct node *version_node, const struct node *kind_node,
			    const char *group, const char *version, const char *name,
			    const struct kind **ret_kind);

/** Check @p root (metadata, spec, unknown fields) as @p kind demands. */
void kind_check(struct check *check, const struct kind *kind, const struct node *root);

/** Copy of the bytes; arena; "" when memory is used up. */
const char *build_copy(struct decoder *decoder, const char *text);
/** One copy for all equal texts; arena. NULL stays NULL. */
const char *build_intern(struct decoder *decoder, const char *text);
/** A string node's copy; NULL when it is absent. */
const char *decode_build_text(struct decoder *decoder, const struct node *node);
/** A string node's interned text, or @p fallback (static) when it is absent. */
const char *build_name(struct decoder *decoder, const struct node *node, const char *fallback);
/** Room for one item per item of @p list; NULL (and no items) when it has none; arena. */
void *build_items(struct decoder *decoder, const struct node *list, size_t item_size, size_t *ret_count);
/** Zeroed memory for @p size bytes; NULL sets out_of_memory. */
void *build_new(struct decoder *decoder, size_t size);
struct span build_span(const struct decoder *decoder, const struct node *node);
struct label_selector build_selector(struct decoder *decoder, const struct node *node);
/** One reference of a route in @p name_space to its parent. */
void build_parent(struct decoder *decoder, const struct node *node, const char *name_space,
		  struct parent_ref *to);
struct parent_ref *build_parents(struct decoder *decoder, const struct node *list, const char *name_space,
				 size_t *ret_count);

/** Append a pointer to one of the arrays of struct objects. */
#define BUILD_ADD(decoder, array, count, capacity, item) \
	do { \
		void *build_grown = arena_grow((decoder)->arena, (array), (count), &(capacity), sizeof(*(array))); \
		if (build_grown) { \
			(array) = build_grown; \
			(array)[(count)++] = (item); \
		} else { \
			(decoder)->out_of_memory = true; \
		} \
	} while (0)

/** metadata as a typed value, adit's annotations included, which are checked here (A0145 to A0147, A0154). */
void meta_build(struct decoder *decoder, const struct kind *kind, const struct node *root, struct meta *ret_meta);
/** The name and the namespace of a foreign kind. */
void meta_build_foreign(struct decoder *decoder, const struct node *root, struct meta *ret_meta);
/** metadata.namespace, or the default; a default that nobody chose is noted once (A0151). */
const char *meta_namespace(struct decoder *decoder, const struct node *root);
/** As meta_namespace() of an object without one, which is at @p span. */
const char *meta_default_namespace(struct decoder *decoder, struct span span);

/** Check and build originRequest; durations become whole seconds. @return arena; NULL when it was refused or empty */
const struct json *origin_build(struct decoder *decoder, const struct node *node);
/** As origin_build(), from the JSON text of an annotation; refused ones are reported (A0147). */
const struct json *origin_build_json(struct decoder *decoder, const struct node *annotation);
extern const struct schema origin_schema;      /**< of a rule */
extern const struct schema origin_top_schema;  /**< of a whole tunnel: without access */

/* One per kind: see struct kind. */
void build_gateway_class(struct decoder *decoder, const struct node *root, const struct meta *meta);
void build_gateway(struct decoder *decoder, const struct node *root, const struct meta *meta);
void build_http_route(struct decoder *decoder, const struct node *root, const struct meta *meta);
void build_other_route(struct decoder *decoder, const struct node *root, const struct meta *meta);
void build_listener_set(struct decoder *decoder, const struct node *root, const struct meta *meta);
void build_grant(struct decoder *decoder, const struct node *root, const struct meta *meta);
void build_tls_policy(struct decoder *decoder, const struct node *root, const struct meta *meta);
void build_namespace(struct decoder *decoder, const struct node *root, const struct meta *meta);
void build_service(struct decoder *decoder, const struct node *root, const struct meta *meta);
void build_tunnel(struct decoder *decoder, const struct node *root, const struct meta *meta);

/** Keep a foreign object that has targets as a policy, or report targets in the wrong shape (A0135).
 * @return false when it has none */
bool build_policy(struct decoder *decoder, const struct node *root, const char *group, const char *kind);

/** spec of the native Tunnel. */
extern const struct schema tunnel_spec;
/** What cloudflared refuses in a service, and what it takes without serving it. Reports A0148. */
void tunnel_service_rule(struct check *check, const struct node *node);

/** Decode a part of @p text (yaml_open_part()).
 * @return RC_OK; RC_INVALID, RC_LIMIT, RC_UNSUPPORTED: only the whole text tells; RC_NOMEM */
enum rc decode_part(struct decoder *decoder, const struct text *text, const char *default_namespace,
		    const struct text *part, uint32_t lines_before) MUST_CHECK;
/** Add what @p from decoded, whose arena is adopted by the decoder's. @return RC_OK, RC_LIMIT, RC_NOMEM */
enum rc decode_absorb(struct decoder *decoder, struct decoder *from) MUST_CHECK;

/** Build an object whose check held when it was kept. @param number  in kind_table() */
void decode_checked(struct decoder *decoder, size_t number, const struct node *root);
/** Count objects of a kind that adit does not read. */
void decode_skip(struct decoder *decoder, const char *group, const char *kind, size_t count);
/** @return RC_OK; RC_LIMIT more nodes than are read (A0152); RC_NOMEM */
enum rc decode_judge_limits(struct decoder *decoder) MUST_CHECK;

/** Report objects that were given twice (A0133) and drop the later ones. */
enum rc decode_drop_duplicates(struct decoder *decoder) MUST_CHECK;

#endif
