/** @file
 * A DNS record: its row, its JSON, and the steps that its writers share.
 *
 * A write goes: record_decode() (the body over what was there), record_check_conflicts(), then
 * record_insert() or record_update(). Texts are borrowed from the call. */
#ifndef ADIT_SERVER_SIMULATOR_RECORD_H
#define ADIT_SERVER_SIMULATOR_RECORD_H

#include "server/simulator/call.h"

struct record {
	const char *id;
	const char *name;     /**< lower case, punycode, whole, without trailing dot */
	const char *type;
	const char *content;
	const char *comment;  /**< NULL: none */
	const char *tags;     /**< JSON array, as text */
	const char *settings; /**< JSON object of those that are on, as text */
	const char *data;     /**< JSON object, as text; NULL: none */
	int64_t ttl;
	int64_t priority;        /**< -1: none */
	int64_t private_routing; /**< 1, 0; -1: not given */
	bool proxied;
	int64_t created_ms, modified_ms;
	int64_t comment_ms, tags_ms; /**< last change; 0: never had one */
	const char *answer;   /**< its JSON, as text; NULL until it is stored */
};

enum content_kind { CONTENT_IPV4, CONTENT_IPV6, CONTENT_HOST, CONTENT_TEXT, CONTENT_DATA };

struct record_type {
	const char *name;
	enum content_kind kind;
	bool is_proxiable;
	bool has_priority;              /**< a member of its own, and required */
	const char *const *data_fields; /**< of CONTENT_DATA, in the order of the content; NULL-terminated */
};

/** @return static; NULL for an unknown type */
const struct record_type *record_type_find(const char *name);

/** Columns, in this order, that record_read() takes, FROM record r. */
#define RECORD_COLUMNS                                                                               \
	"r.id, r.name, r.type, r.content, r.comment, r.tags, r.settings, r.data, r.ttl, r.priority," \
	" r.private_routing, r.proxied, r.created_ms, r.modified_ms, r.comment_ms, r.tags_ms, r.answer"
enum rc record_read(struct call *call, struct cursor *cursor, struct record *ret_record) MUST_CHECK;
/** Load a record of the call's zone. @return RC_OK or refused (81044) */
enum rc record_load(struct call *call, const char *id, struct record *ret_record) MUST_CHECK;
struct json *record_json(struct build *build, const struct zone *zone, const struct record *record);

/** Give @p record a fresh id and store it; counts it. @return RC_OK or refused (81045 quota) */
enum rc record_insert(struct call *call, struct record *record) MUST_CHECK;
enum rc record_update(struct call *call, struct record *record) MUST_CHECK;
enum rc record_delete(struct call *call, const char *id) MUST_CHECK;

/** Put what @p body says over @p record and check it whole: names, content, TTL, plan limits.
 * @param record  in: the defaults, or (PATCH) what was there; out: the record as it will be
 * @return RC_OK or refused (1004 with its chain, 9000, 9005, 9015, 9021, 9207, 9313 …) */
enum rc record_decode(struct call *call, const struct json *body, struct record *record) MUST_CHECK;
/** What a record is before anything is said about it. */
struct record record_defaults(void);

/** A name as DNS has it: lower case, punycode, no trailing dot. @return RC_OK; RC_INVALID (not refused);
 * RC_NOMEM */
enum rc record_name_to_ascii(struct arena *arena, const char *text, const char **ret_name) MUST_CHECK;
/** The whole name that @p text means in @p zone: "@", relative, or whole. @return as record_name_to_ascii() */
enum rc record_name_in_zone(struct arena *arena, const struct zone *zone, const char *text,
			    const char **ret_name) MUST_CHECK;

/** Bring the content into the form that answers have. @param data  of CONTENT_DATA; NULL: none given
 * @return RC_OK or refused */
enum rc record_normalise_content(struct call *call, const struct record_type *type, const struct json *data,
				 struct record *record) MUST_CHECK;
/** May @p record stand beside the others of its zone? Its own row does not count.
 * @return RC_OK or refused (81053, 81054, 81056, 81058, 83011) */
enum rc record_check_conflicts(struct call *call, const struct record *record) MUST_CHECK;

/* The three writes, as single calls and batches make them. @param ret_record as stored */
enum rc record_post(struct call *call, const struct json *body, struct record *ret_record) MUST_CHECK;
enum rc record_put(struct call *call, const char *id, const struct json *body,
		   struct record *ret_record) MUST_CHECK;
enum rc record_patch(struct call *call, const char *id, const struct json *body,
		     struct record *ret_record) MUST_CHECK;

#endif
