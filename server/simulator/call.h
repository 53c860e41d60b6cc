/** @file
 * One API call on its way through the simulator: what was asked, who asks, and the answer being made.
 *
 * A handler returns RC_OK with call->result set, or what call_refuse() returned, or another class for a failure
 * of the simulator's own (answered 500). Its writes are committed on RC_OK and undone on anything else. */
#ifndef ADIT_SERVER_SIMULATOR_CALL_H
#define ADIT_SERVER_SIMULATOR_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/rc.h"
#include "server/simulator/build.h"
#include "server/simulator/service.h"
#include "server/simulator/token.h"
#include "server/simulator/zone_plan.h"

struct account {
	const char *id, *name;
	int64_t created_ms;
};

struct zone {
	const char *id, *name, *account_id, *account_name;
	const struct zone_plan *plan;
	int64_t created_ms;
};

/** Why a call was refused. */
struct refusal {
	int status;              /**< HTTP; 0: not refused */
	int code;
	const char *message;
	int second_code;         /**< a second error beside the first; 0: none */
	const char *second_message;
	int chain_code;          /**< the one entry of error_chain; 0: none */
	const char *chain_message;
};

struct paging {
	int64_t page, per_page;
	int64_t offset, limit;   /**< items to leave out, and most to give: as page and per_page say, but for a fault */
	int64_t total_shift;     /**< added to the count of all items */
};

struct call {
	struct service *service;
	struct store *store;
	struct arena *arena;
	struct build build;          /**< for the answer; its failure fails the call */
	int64_t now_ms;              /**< wall clock, once per call: all times of one call are the same */
	const struct request *request;
	const struct fault *fault;   /**< that strikes this call; NULL: none */
	int64_t page_size;           /**< largest page; 0: as asked */
	const struct token *token;   /**< who calls; NULL below /_simulator */

	/* path variables that the route has; NULL otherwise */
	const struct account *account;
	const struct zone *zone;
	const char *tunnel_id, *record_id, *connector_id;

	bool is_up_again;            /**< below /_simulator: nobody is refused any more */
	struct strbuf *raw;          /**< below /_simulator a handler may write its answer here itself */
	const struct json *body;     /**< parsed; NULL when there is none, or the route takes none */

	struct json *result;         /**< NULL: null */
	struct strbuf text;          /**< the result as JSON text, instead of @p result; empty: none; freed by service.c */
	struct json *result_info;    /**< NULL: left out */
	struct json *messages;       /**< NULL: empty */
	struct refusal refusal;
};

/** Refuse the call. @return RC_INVALID, for the handler to return */
enum rc call_refuse(struct call *call, int status, int code, const char *format, ...) PRINTF_LIKE(4, 5);
/** call_refuse(400, 1004, "DNS Validation Error") with the cause in error_chain. */
enum rc call_refuse_chain(struct call *call, int chain_code, const char *format, ...) PRINTF_LIKE(3, 4);
/** Refuse a query parameter or field: 400, 1101. */
enum rc call_refuse_invalid(struct call *call, const char *format, ...) PRINTF_LIKE(2, 3);

/** First value of a query parameter, or NULL; one that is there but empty counts as absent. */
const char *call_param(const struct call *call, const char *name);
/** @param ret_value  left alone when the parameter is absent @return RC_OK or refused */
enum rc call_param_bool(struct call *call, const char *name, bool *ret_value, bool *ret_given) MUST_CHECK;
/** A date-time parameter. @param ret_wall_ms left alone when absent */
enum rc call_param_time(struct call *call, const char *name, int64_t *ret_wall_ms, bool *ret_given) MUST_CHECK;
/** One of @p words (NULL-terminated); the first when absent. @param ret_index its place */
enum rc call_param_word(struct call *call, const char *name, const char *const *words,
			size_t *ret_index) MUST_CHECK;
/** page and per_page within their bounds. @return RC_OK or refused */
enum rc call_paging(struct call *call, int64_t per_page_default, int64_t per_page_min, int64_t per_page_max,
		    struct paging *ret_paging) MUST_CHECK;
/** Set result_info. @param count items on this page @param with_pages total_pages too: dns_records and zones
 * alone */
void call_result_info(struct call *call, const struct paging *paging, size_t count, int64_t total,
		      bool with_pages);

/** The body as an object. @return RC_OK or refused (9207) */
enum rc call_body_object(struct call *call) MUST_CHECK;
/** A string member of @p object; NULL when absent or null. @return RC_OK or refused when it is of another type */
enum rc call_string(struct call *call, const struct json *object, const char *key,
		    const char **ret_text) MUST_CHECK;

#endif
