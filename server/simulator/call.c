/* One API call: refusals, query parameters, body members. */
#include "server/simulator/call.h"

#include <stdarg.h>

#include "base/clock.h"
#include "base/str.h"

static const char *format_text(struct call *call, const char *format, va_list args) PRINTF_LIKE(2, 0);

static const char *format_text(struct call *call, const char *format, va_list args)
{
	const char *text = arena_vprintf(call->arena, format, args);

	return text ? text : "";
}

enum rc call_refuse(struct call *call, int status, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	call->refusal = (struct refusal){.status = status, .code = code};
	call->refusal.message = format_text(call, format, args);
	va_end(args);
	return RC_INVALID;
}

enum rc call_refuse_chain(struct call *call, int chain_code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	call->refusal = (struct refusal){400, 1004, "DNS Validation Error", .chain_code = chain_code};
	call->refusal.chain_message = format_text(call, format, args);
	va_end(args);
	return RC_INVALID;
}

enum rc call_refuse_invalid(struct call *call, const char *format, ...)
{
	const char *cause;
	va_list args;

	va_start(args, format);
	cause = format_text(call, format, args);
	va_end(args);
	return call_refuse(call, 400, 1101, "request was invalid: %s", cause);
}

const char *call_param(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->request->param_count; i++) {
		const struct param *param = &call->request->params[i];

		if (str_eq(param->name, name) && !str_is_empty(param->value))
			return param->value;
	}
	return NULL;
}

enum rc call_param_bool(struct call *call, const char *name, bool *ret_value, bool *ret_given)
{
	const char *text = call_param(call, name);

	*ret_given = text != NULL;
	if (!text)
		return RC_OK;
	if (str_eq(text, "true") || str_eq(text, "1"))
		*ret_value = true;
	else if (str_eq(text, "false") || str_eq(text, "0"))
		*ret_value = false;
	else
		return call_refuse_invalid(call, "%s must be true or false", name);
	return RC_OK;
}

enum rc call_param_time(struct call *call, const char *name, int64_t *ret_wall_ms, bool *ret_given)
{
	const char *text = call_param(call, name);

	*ret_given = text != NULL;
	if (text && clock_parse_rfc3339(text, ret_wall_ms) != RC_OK)
		return call_refuse_invalid(call, "%s must be an RFC 3339 date-time", name);
	return RC_OK;
}

enum rc call_param_word(struct call *call, const char *name, const char *const *words, size_t *ret_index)
{
	const char *text = call_param(call, name);

	if (!text) {
		*ret_index = 0;
		return RC_OK;
	}
	for (size_t i = 0; words[i]; i++) {
		if (str_eq(words[i], text)) {
			*ret_index = i;
			return RC_OK;
		}
	}
	return call_refuse_invalid(call, "%s has no value \"%s\"", name, text);
}

static enum rc param_number(struct call *call, const char *name, int64_t fallback, int64_t min, int64_t max,
			    int64_t *ret_number)
{
	const char *text = call_param(call, name);
	int64_t number = fallback;

	if (text && (str_to_int64(text, &number) != RC_OK || number < min || number > max))
		return call_refuse_invalid(call, "%s must be a number from %lld to %lld", name, (long long)min,
					   (long long)max);
	*ret_number = number;
	return RC_OK;
}

/* A page of a list that changes while it is read, or that is not shown whole. */
static void shift_page(const struct call *call, struct paging *paging)
{
	if (!call->fault)
		return;
	if (call->fault->kind == FAULT_PAGE_MISSING)
		paging->limit = 0;
	if (call->fault->kind == FAULT_PAGE_TWICE)
		paging->offset -= paging->per_page;
	if (call->fault->kind == FAULT_ITEM_APPEARS)
		paging->total_shift = 1;
	if (call->fault->kind == FAULT_ITEM_VANISHES)
		paging->total_shift = -1;
	paging->offset -= paging->total_shift;
}

enum rc call_paging(struct call *call, int64_t per_page_default, int64_t per_page_min, int64_t per_page_max,
		    struct paging *ret_paging)
{
	struct paging paging = {0};
	enum rc rc = param_number(call, "page", 1, 1, INT32_MAX, &paging.page);

	if (!rc)
		rc = param_number(call, "per_page", per_page_default, per_page_min, per_page_max,
				  &paging.per_page);
	if (rc)
		return rc;
	if (call->page_size && paging.per_page > call->page_size)
		paging.per_page = call->page_size;
	paging.limit = paging.per_page;
	paging.offset = (paging.page - 1) * paging.per_page;
	shift_page(call, &paging);
	*ret_paging = paging;
	return RC_OK;
}

void call_result_info(struct call *call, const struct paging *paging, size_t count, int64_t total,
		      bool with_pages)
{
	struct build *build = &call->build;
	struct json *info = build_object(build);

	total += paging->total_shift;
	build_int(build, info, "page", paging->page);
	build_int(build, info, "per_page", paging->per_page);
	build_int(build, info, "count", (int64_t)count);
	build_int(build, info, "total_count", total);
	if (with_pages)
		build_int(build, info, "total_pages", (total + paging->per_page - 1) / paging->per_page);
	call->result_info = info;
}

enum rc call_body_object(struct call *call)
{
	if (!call->body || call->body->type != JSON_OBJECT)
		return call_refuse(call, 400, 9207, "malformed request body");
	return RC_OK;
}

enum rc call_string(struct call *call, const struct json *object, const char *key, const char **ret_text)
{
	const struct json *value = json_get(object, key);

	if (!value || value->type == JSON_NULL) {
		*ret_text = NULL;
		return RC_OK;
	}
	if (value->type != JSON_STRING)
		return call_refuse(call, 400, 9207, "malformed request body: %s must be a string", key);
	*ret_text = value->u.string;
	return RC_OK;
}
